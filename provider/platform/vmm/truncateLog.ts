/** How the log of a VM stays small while the VM writes. */
import * as fs from "node:fs";

/**
 * Frees the space of what is neither in the first `headBytes` nor in the last `tailBytes` of a log, once that is as much
 * as the latter.
 *
 * QEMU writes each byte at its own offset, also into a file that was emptied meanwhile. So the file is emptied and its
 * ends written back to where they were: between them there is a hole, which takes no space, and offsets stay what they are.
 * What a guest writes in the moment between the last read and the emptying is lost, and reads as NUL characters.
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
    if (blocks * BLOCK_BYTES < headBytes + 2 * tailBytes) return;
    const start = Math.max(headBytes, size - tailBytes);
    const head = Buffer.alloc(headBytes);
    fs.readSync(descriptor, head, 0, headBytes, 0);
    const kept = Buffer.alloc(2 * tailBytes); // with room for what is written meanwhile
    let length = 0;
    for (let read = -1; read !== 0; length += read) {
      read = fs.readSync(descriptor, kept, length, kept.length - length, start + length);
    }
    fs.ftruncateSync(descriptor, 0);
    fs.writeSync(descriptor, head, 0, headBytes, 0);
    fs.writeSync(descriptor, kept, 0, length, start);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Unit of `blocks` in stat(2). */
const BLOCK_BYTES = 512;

/** True for the error of a file that does not exist. */
export const isFileNotFound = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
