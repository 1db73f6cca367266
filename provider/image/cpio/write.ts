/** Packs a file tree as a `newc` CPIO archive, the initrd format of Linux and Unikraft. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ContentMeter, type Digest } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { completeTree, type PathEntry } from "../rootfs/completeTree";
import { sizeOf, type FileContent, type FileTree, type TreeEntry } from "../rootfs/tree";
import {
  ARCHIVE_BLOCK_BYTES,
  FILE_TYPE,
  MAX_FILE_BYTES,
  MAX_NAME_BYTES,
  TRAILER_NAME,
  encodeHeader,
  paddingBytes,
} from "./header";

/**
 * A sentence that says why the format cannot store an entry, with its path; `undefined` when it can. Limits: files up
 * to 4 GiB minus one byte, names and link targets up to 4095 bytes.
 */
export function findEntryProblem(path: string, entry: TreeEntry): string | undefined {
  if (Buffer.byteLength(path) > MAX_NAME_BYTES) {
    return `The path '/${path.slice(0, 60)}…' is longer than ${MAX_NAME_BYTES} bytes, the limit of an initrd.`;
  }
  if (path === TRAILER_NAME) return `A file cannot be named '${TRAILER_NAME}': that name marks the end of an initrd.`;
  if (entry.type === "file" && sizeOf(entry.content) > MAX_FILE_BYTES) {
    return `'/${path}' has ${sizeOf(entry.content)} bytes; a file in an initrd must be smaller than 4 GiB. Split it, or put it on a Volume.`;
  }
  if (entry.type === "symlink" && Buffer.byteLength(entry.target) > MAX_NAME_BYTES) {
    return `The link '/${path}' has a target longer than ${MAX_NAME_BYTES} bytes.`;
  }
  return undefined;
}

/**
 * Writes the archive to `file` and returns its size and digest. The output is reproducible: names are sorted, owners
 * and times are zero, and inode numbers are sequential.
 *
 * Throws `CONTEXT_INVALID` for entries that the format cannot store (see {@link findEntryProblem}) or that change while
 * being read, `NO_SPACE` when the disk is full; an aborted `signal` rejects with its reason. A failure leaves a partial
 * file behind.
 */
export async function writeCpio(
  tree: FileTree,
  file: string,
  signal?: AbortSignal,
): Promise<{ sizeBytes: number; digest: Digest }> {
  const rows = completeTree(tree);
  const problems = rows.flatMap(([path, entry]) => findEntryProblem(path, entry) ?? []);
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"));
  const meter = new ContentMeter();
  const padded = async function* (): AsyncGenerator<Uint8Array> {
    yield* encodeArchive(rows);
    yield Buffer.alloc(paddingBytes(meter.sizeBytes, ARCHIVE_BLOCK_BYTES));
  };
  try {
    await pipeline(
      Readable.from(meter.measure(padded())),
      fs.createWriteStream(file),
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromSystemError(error, `packing the root file system into '${dirname(file)}'`);
  }
  return { sizeBytes: meter.sizeBytes, digest: meter.digest() };
}

async function* encodeArchive(rows: readonly PathEntry[]): AsyncGenerator<Uint8Array> {
  for (const [index, [name, entry]] of rows.entries()) {
    const inode = index + 1;
    if (entry.type === "directory") {
      yield encodeHeader({ inode, mode: FILE_TYPE.directory | entry.mode, links: 2, fileBytes: 0, name });
    } else if (entry.type === "symlink") {
      const target = Buffer.from(entry.target);
      yield encodeHeader({ inode, mode: FILE_TYPE.symlink | 0o777, links: 1, fileBytes: target.length, name });
      yield Buffer.concat([target, Buffer.alloc(paddingBytes(target.length))]);
    } else {
      const fileBytes = sizeOf(entry.content);
      yield encodeHeader({ inode, mode: FILE_TYPE.file | entry.mode, links: 1, fileBytes, name });
      yield* readContent(name, entry.content);
      yield Buffer.alloc(paddingBytes(fileBytes));
    }
  }
  yield encodeHeader({ inode: 0, mode: 0, links: 1, fileBytes: 0, name: TRAILER_NAME });
}

async function* readContent(name: string, content: FileContent): AsyncGenerator<Uint8Array> {
  if ("bytes" in content) {
    yield content.bytes;
    return;
  }
  let bytesRead = 0;
  for await (const chunk of fs.createReadStream(content.path, { highWaterMark: 256 * 1024 })) {
    bytesRead += (chunk as Buffer).length; // no encoding is set, so chunks are buffers
    if (bytesRead > content.sizeBytes) break;
    yield chunk as Buffer;
  }
  if (bytesRead !== content.sizeBytes) {
    throw new UnikernelError("CONTEXT_INVALID", `The size of '/${name}' changed while the file was being packed.`, {
      hint: "Retry when nothing writes to the image context.",
    });
  }
}
