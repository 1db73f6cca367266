/** Bytes of an untrusted archive at any offset, and what the readers of all formats share. */
import * as fs from "node:fs";
import { UnikernelError, errorMessage } from "../../base/errors";
import { ContentReader } from "../pack/contentReader";
import type { DiskFile, FileContent, FileTree } from "./tree";
import { TreePathError } from "./treeBuilder";

/** Thrown by the readers for an archive that is malformed or not allowed. The message is a clause without a full stop. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** An archive, in memory or on disk. */
export interface ArchiveSource {
  readonly sizeBytes: number;
  /**
   * The bytes from `offset` on, a view that the next read may overwrite. Throws {@link ArchiveError} when the archive ends before;
   * `what` names what is read, such as `a header`.
   */
  read(offset: number, length: number, what: string): Buffer;
  /** A part of the archive as the content of a file. Throws {@link ArchiveError} when the archive ends before. */
  contentAt(offset: number, length: number, what: string): FileContent;
}

/** Most entries of an archive, so that its tree fits into memory. */
export const MAX_ENTRIES = 1_000_000;
/** Most bytes of all paths and link targets of an archive. */
export const MAX_NAME_TOTAL_BYTES = 2 ** 28;
/** Longest path in bytes. Source: Linux, PATH_MAX without the NUL. */
const MAX_PATH_BYTES = 4095;
/** Longest part of a path in bytes. Source: Linux, NAME_MAX. */
const MAX_PART_BYTES = 255;
const WINDOW_BYTES = 2 ** 16;

const assertInside = (sizeBytes: number, offset: number, length: number, what: string): void => {
  if (offset < 0 || offset + length > sizeBytes) throw new ArchiveError(`it ends inside ${what}`);
};

/** An archive in memory. Contents are views into `bytes`. */
export function sourceFromBytes(bytes: Uint8Array): ArchiveSource {
  const sizeBytes = bytes.length;
  const read = (offset: number, length: number, what: string): Buffer => {
    assertInside(sizeBytes, offset, length, what);
    return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
  };
  return { sizeBytes, read, contentAt: (offset, length, what) => ({ bytes: read(offset, length, what) }) };
}

/**
 * Reads a tree from an archive on disk. `read` gets the archive as a source.
 *
 * Throws `CONTEXT_INVALID` that names the file and the problem when it is malformed, not allowed, unreadable, or changed since it was
 * described.
 */
export async function readArchive(
  file: DiskFile,
  label: string,
  format: string,
  read: (source: ArchiveSource) => Promise<FileTree>,
): Promise<FileTree> {
  using reader = new ContentReader();
  const fd = reader.openArchive(label, file);
  try {
    return await read(sourceFromFile(fd, file));
  } catch (error) {
    if (!(error instanceof ArchiveError || error instanceof TreePathError)) throw error;
    throw new UnikernelError("CONTEXT_INVALID", `'${label}' is not a usable ${format}: ${errorMessage(error)}.`, {
      property: "context",
      cause: error,
    });
  }
}

function sourceFromFile(fd: number, file: DiskFile): ArchiveSource {
  const { sizeBytes } = file;
  const window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  let [start, end] = [0, 0];
  const fill = (target: Buffer, offset: number): number => {
    let filled = 0;
    while (filled < target.length) {
      const bytesRead = fs.readSync(fd, target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  };
  return {
    sizeBytes,
    read: (offset, length, what) => {
      assertInside(sizeBytes, offset, length, what);
      if (length > WINDOW_BYTES) {
        const bytes = Buffer.alloc(length);
        if (fill(bytes, offset) < length) throw new ArchiveError(`it ends inside ${what}`);
        return bytes;
      }
      if (offset < start || offset + length > end) [start, end] = [offset, offset + fill(window, offset)];
      if (offset + length > end) throw new ArchiveError(`it ends inside ${what}`);
      return window.subarray(offset - start, offset - start + length);
    },
    contentAt: (offset, length, what) => {
      assertInside(sizeBytes, offset, length, what);
      return { archive: file, ranges: [{ offset, sizeBytes: length }], sizeBytes: length };
    },
  };
}

/** Decodes UTF-8. Throws {@link ArchiveError} for anything else. */
export function decodeName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("utf8");
  if (text.includes("\uFFFD") && !Buffer.from(text).equals(bytes))
    throw new ArchiveError(`the name '${text}' is not UTF-8`);
  if (text.includes("\0")) throw new ArchiveError(`the name '${text.replaceAll("\0", "\\0")}' contains a NUL`);
  return text;
}

/**
 * The path of an entry: leading `/` and `./` are dropped, as `tar` does; "" for the root. Throws {@link ArchiveError} for a path with
 * `..`, and for one that no file system can store.
 */
export function toEntryPath(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new ArchiveError(`the path '${name}' contains '..'`);
  const path = parts.join("/");
  if (Buffer.byteLength(path) > MAX_PATH_BYTES || parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES))
    throw new ArchiveError(`the path '${path.slice(0, 60)}…' is too long`);
  return path;
}

/** Counts entries and names. Throws {@link ArchiveError} when an archive has too many. */
export class EntryBudget {
  #entries = 0;
  #nameBytes = 0;

  /** Adds one entry. */
  add(...names: readonly string[]): void {
    this.#entries += 1;
    for (const name of names) this.#nameBytes += name.length;
    if (this.#entries > MAX_ENTRIES) throw new ArchiveError(`it has more than ${MAX_ENTRIES} entries`);
    if (this.#nameBytes > MAX_NAME_TOTAL_BYTES) throw new ArchiveError("its names take more than 256 MiB");
  }
}

/** Throws {@link ArchiveError} for a type of entry that images cannot have. */
export const rejectType = (path: string, kind: string): never => {
  throw new ArchiveError(`'/${path}' is a ${kind}; only files, directories and links can be packed`);
};
