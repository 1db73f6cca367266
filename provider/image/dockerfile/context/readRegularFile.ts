/** Reads files that others may have put there: never blocks on a FIFO, never reads more than expected. */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";

/**
 * The content of a regular file. Follows links. Throws Node's error if it cannot be opened, and an `Error` with a message that ends
 * a sentence if it is no regular file or has more than `maxBytes`.
 */
export async function readRegularFile(file: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await assertRegular(handle);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, more than ${maxBytes}`);
    // A file may grow, and those of /proc report no size.
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    }
    if (length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    return Uint8Array.from(buffer.subarray(0, length));
  } finally {
    await handle.close();
  }
}

async function assertRegular(handle: fs.FileHandle): Promise<{ readonly size: number }> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new Error("it is not a regular file");
  return stat;
}
