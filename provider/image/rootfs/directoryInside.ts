/** Finds the root file system's directory and ensures that it is inside the image context. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { systemErrorCode } from "../../base/errors";

/** The directory's real path, or a sentence that says why it cannot be packed. */
export type DirectoryResult = { readonly directory: string } | { readonly problem: string };

/**
 * Resolves `relative` below `context`. Rejects an absolute path, `..` or a symbolic link (in any part) that leaves the
 * context, a missing directory, and anything that is not a directory.
 */
export async function resolveDirectoryInside(context: string, relative: string): Promise<DirectoryResult> {
  const label = `rootfs '${relative}'`;
  if (path.isAbsolute(relative))
    return { problem: `${label} must be relative to the Kraftfile; use the path of a directory beside it.` };
  if (relative.includes("\0")) return { problem: "rootfs contains a NUL character." };
  const root = await fs.realpath(context);
  if (isOutside(root, path.join(root, relative)))
    return { problem: `${label} is outside the image context; move the directory beside the Kraftfile.` };
  let real: string;
  try {
    real = await fs.realpath(path.join(root, relative));
  } catch (error) {
    const code = systemErrorCode(error) ?? "unknown error";
    return {
      problem:
        code === "ENOENT"
          ? `${label} does not exist; create that directory or correct the path.`
          : `${label} cannot be read (${code}).`,
    };
  }
  if (isOutside(root, real))
    return {
      problem: `${label} leaves the image context through a symbolic link; replace the link with the directory.`,
    };
  const stat = await fs.stat(real);
  if (stat.isDirectory()) return { directory: real };
  return {
    problem: `${label} is not a directory; other forms (archives, CPIO, EROFS) are not supported: unpack it into a directory.`,
  };
}

const isOutside = (root: string, target: string): boolean => {
  const relative = path.relative(root, target);
  return relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
};
