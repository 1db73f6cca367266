/** Limits the size of a log that a VM is writing. */
import * as fs from "node:fs";

/** Unit of `blocks` in stat(2), whatever the file system. */
const STAT_BLOCK_BYTES = 512;

/**
 * Keeps the first `headBytes` and the last `tailBytes` of a log and frees the space between them, as soon as that is at
 * least `tailBytes`. Does nothing for a file that does not exist; throws other file system errors.
 *
 * QEMU writes at its own offset, even into a file that was truncated meanwhile. So this truncates the file and writes head
 * and tail back where they were. The hole between them takes no space, and all offsets stay valid. Bytes that the guest
 * writes between the last read and the truncation are lost; they read as NUL.
 */
export function truncateLog(
  file: string,
  { headBytes, tailBytes }: { readonly headBytes: number; readonly tailBytes: number },
): void {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "r+");
  } catch (error) {
    if (isFileNotFound(error)) return;
    throw error;
  }
  try {
    const { size, blocks } = fs.fstatSync(descriptor);
    if (blocks * STAT_BLOCK_BYTES < headBytes + 2 * tailBytes) return;
    const start = Math.max(headBytes, size - tailBytes);
    const head = Buffer.alloc(headBytes);
    fs.readSync(descriptor, head, 0, headBytes, 0);
    const tail = Buffer.alloc(2 * tailBytes); // with room for what the guest writes meanwhile
    let length = 0;
    for (let read = -1; read !== 0; length += read) {
      read = fs.readSync(descriptor, tail, length, tail.length - length, start + length);
    }
    fs.ftruncateSync(descriptor, 0);
    fs.writeSync(descriptor, head, 0, headBytes, 0);
    fs.writeSync(descriptor, tail, 0, length, start);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** True for the error of a file that does not exist. */
export const isFileNotFound = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
