/** Finds the root file system's directory, and keeps it inside the image context. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { systemErrorCode } from "../../base/errors";

/** The directory's real path, or why it cannot be packed, as a sentence. */
export type DirectoryResult = { readonly directory: string } | { readonly problem: string };

/**
 * Resolves `relative` below `context`. Refused: an absolute path, `..` or a symbolic link (of any part) that leads
 * out of the context, what does not exist, and what is no directory.
 */
export async function resolveDirectoryInside(context: string, relative: string): Promise<DirectoryResult> {
  const label = `rootfs '${relative}'`;
  if (path.isAbsolute(relative))
    return { problem: `${label} must be relative to the Kraftfile; write the path of a directory beside it.` };
  if (relative.includes("\0")) return { problem: "rootfs holds a NUL character." };
  const root = await fs.realpath(context);
  if (isOutside(root, path.join(root, relative)))
    return { problem: `${label} leads out of the image context; move the directory beside the Kraftfile.` };
  let real: string;
  try {
    real = await fs.realpath(path.join(root, relative));
  } catch (error) {
    const code = systemErrorCode(error) ?? "unknown error";
    return {
      problem:
        code === "ENOENT"
          ? `${label} does not exist; make that directory or correct the path.`
          : `${label} cannot be read (${code}).`,
    };
  }
  if (isOutside(root, real))
    return {
      problem: `${label} leads out of the image context through a symbolic link; put the directory itself there.`,
    };
  const stat = await fs.stat(real);
  if (stat.isDirectory()) return { directory: real };
  return {
    problem: `${label} is not a directory; other forms (archives, CPIO, EROFS) are not supported: unpack it into a directory.`,
  };
}

const isOutside = (root: string, target: string): boolean => {
  const way = path.relative(root, target);
  return way === ".." || way.startsWith(`..${path.sep}`) || path.isAbsolute(way);
};
