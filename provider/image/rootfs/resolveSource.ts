/** Finds the source of a root file system inside the image context, and what it is. */
import * as fs from "node:fs";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { describeUnreadable } from "../../base/files";
import { isDockerfileName, mayBeDockerfile } from "../dockerfile/fileName";
import { EROFS_MAGIC, SUPER_OFFSET } from "../erofs/format";
import { ContentReader } from "../pack/contentReader";
import { detectCompression } from "../tar/decompress";
import { describeRoot } from "./directoryDescriptors";
import type { DiskFile } from "./tree";

/** What a path can be. */
export type SourceType = "directory" | "tarball" | "cpio" | "erofs" | "dockerfile";

/** A source, or a sentence that says why it cannot be packed. */
export type ResolvedSource =
  | { readonly type: "directory"; readonly directory: string }
  | { readonly type: "tarball" | "cpio" | "erofs"; readonly file: DiskFile }
  | { readonly type: "dockerfile"; readonly dockerfile: string }
  | { readonly problem: string };

/** `https://`, `docker-image://` and others. */
const URL_SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;

/** Bytes that tell the formats apart. */
const HEAD_BYTES = 2048;

const ARCHIVES = {
  cpio: "a CPIO archive (newc)",
  erofs: "an EROFS image",
  tarball: "a tar archive, plain or compressed with gzip or zstd",
};

/**
 * Resolves `relative` below `context` and finds out what it is, in the order of the vendor's builder: a Dockerfile by its name, a
 * directory, CPIO, EROFS, tarball; then a Dockerfile by a similar name or by its first instruction.
 *
 * A problem is: an absolute path, `..` or a symbolic link (in any part) that leaves the context, nothing there, something that is
 * neither a file nor a directory, a file of another type than `declared`, and one of an unknown type.
 */
export async function resolveSource(context: string, relative: string, declared?: SourceType): Promise<ResolvedSource> {
  const place = await locateInContext(context, relative);
  if ("problem" in place) return place;
  if (place.type === "directory")
    return declared === undefined || declared === "directory" ? place : mismatch(relative, declared, "directory");
  const type = detectFile(place.file, relative);
  if (typeof type !== "string") return type;
  if (declared !== undefined && declared !== type) return mismatch(relative, declared, type);
  return type === "dockerfile" ? { type, dockerfile: place.file.path } : { type, file: place.file };
}

/** A file or a directory inside of a context, or a sentence that says why it cannot be used. */
export type PlaceInContext =
  | { readonly type: "directory"; readonly directory: string }
  | { readonly type: "file"; readonly file: DiskFile }
  | { readonly problem: string };

/**
 * Finds what is at `relative` below `context`. A problem is: an absolute path, `..` or a symbolic link (in any part) that leaves the
 * context, nothing there, and something that is neither a file nor a directory.
 */
export async function locateInContext(context: string, relative: string): Promise<PlaceInContext> {
  const label = `'${relative}'`;
  if (path.isAbsolute(relative))
    return { problem: `${label} must be relative to the Kraftfile; use the path of a file or directory beside it.` };
  if (relative.includes("\0")) return { problem: "The path contains a NUL character." };
  if (URL_SCHEME.test(relative)) {
    return {
      problem: `${label} is a URL, which is not supported; download it and use a file or directory beside the Kraftfile, or an image of a registry as 'oci://…'.`,
    };
  }
  const root = await fs.promises.realpath(context);
  const wanted = path.join(root, relative);
  if (isOutside(root, wanted))
    return { problem: `${label} is outside the image context; move it beside the Kraftfile.` };
  let real: string;
  let stat: fs.Stats;
  try {
    real = await fs.promises.realpath(wanted);
    stat = await fs.promises.stat(real);
  } catch (error) {
    const what = await describeUnreadable(wanted, error);
    return { problem: `${label} ${what}${/^cannot/.test(what) ? "." : "; create it or correct the path."}` };
  }
  if (isOutside(root, real))
    return {
      problem: `${label} leaves the image context through a symbolic link; replace the link with what it points to.`,
    };
  if (!stat.isDirectory() && !stat.isFile())
    return { problem: `${label} is neither a file nor a directory; remove it or use another path.` };
  if (stat.isDirectory()) return { type: "directory", directory: real };
  return { type: "file", file: toDiskFile(root, real, stat) };
}

const isOutside = (root: string, target: string): boolean => {
  const relative = path.relative(root, target);
  return relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
};

function mismatch(relative: string, declared: SourceType, found: SourceType): { problem: string } {
  const named = (type: SourceType): string =>
    type === "directory" ? "a directory" : type === "dockerfile" ? "a Dockerfile" : ARCHIVES[type];
  return { problem: `'${relative}' is declared as '${declared}' but is ${named(found)}; correct its type.` };
}

function toDiskFile(root: string, real: string, { dev, ino, mtimeMs, ctimeMs, size }: fs.Stats): DiskFile {
  return { path: real, sizeBytes: size, identity: { dev, ino, mtimeMs, ctimeMs }, root: describeRoot(root) };
}

/** The type of a regular file, or a problem. */
function detectFile(file: DiskFile, relative: string): Exclude<SourceType, "directory"> | { problem: string } {
  const name = path.basename(file.path);
  if (isDockerfileName(name)) return "dockerfile";
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    using reader = new ContentReader();
    fs.readSync(reader.openArchive(relative, file), head, 0, head.length, 0);
  } catch (error) {
    if (UnikernelError.has(error, "CONTEXT_INVALID")) return { problem: error.message };
    throw error;
  }
  const archive = detectArchive(head);
  if (archive !== undefined) return archive;
  if (mayBeDockerfile(name) || startsLikeDockerfile(head)) return "dockerfile";
  return {
    problem: `'${relative}' is of an unknown type; use a directory, a Dockerfile, ${ARCHIVES.cpio}, ${ARCHIVES.erofs}, or ${ARCHIVES.tarball}.`,
  };
}

/** The format of an archive with these first 2048 bytes, shorter ones padded with zeros. */
export function detectArchive(head: Buffer): keyof typeof ARCHIVES | undefined {
  if (head.toString("latin1", 0, 6) === "070701") return "cpio";
  if (head.readUInt32LE(SUPER_OFFSET) === EROFS_MAGIC) return "erofs";
  if (head.toString("latin1", 257, 262) === "ustar" || detectCompression(head) !== undefined) return "tarball";
  return undefined;
}

const startsLikeDockerfile = (head: Buffer): boolean =>
  /^(?:\s*(?:#.*)?\n)*\s*(?:FROM|ARG)\s+\S/i.test(head.toString("latin1"));
