/** Console logs: what can be read of them, and how they stay small while a VM writes. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";

/** How much of a console log can be read: its last bytes. */
export const CONSOLE_LOG_BYTES = 1024 * 1024;

/** Byte offsets since the VM was started; `end` is exclusive. */
export type Window = {
  readonly start: number;
  readonly end: number;
};

/** What can be read of a log to which `size` bytes were written. Pure. */
export const availableOf = (size: number): Window => ({ start: Math.max(0, size - CONSOLE_LOG_BYTES), end: size });

/** Which bytes a request for `limit` bytes from `offset` (negative: from the end) gets of what is available. Pure. */
export function windowOf({ start, end }: Window, offset: number, limit: number): Window {
  const from = Math.min(end, Math.max(start, offset < 0 ? end + offset : offset));
  return { start: from, end: Math.min(end, from + limit) };
}

/** Reads a window; a log that does not exist yet is empty. */
export async function readConsoleLog(
  file: string,
  offset: number,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly available: Window; readonly range: Window }> {
  let handle: fsp.FileHandle;
  try {
    handle = await fsp.open(file, "r");
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { bytes: new Uint8Array(), available: { start: 0, end: 0 }, range: { start: 0, end: 0 } };
  }
  try {
    const available = availableOf((await handle.stat()).size);
    const { start, end } = windowOf(available, offset, limit);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    return { bytes: buffer.subarray(0, bytesRead), available, range: { start, end: start + bytesRead } };
  } finally {
    await handle.close();
  }
}

/**
 * Frees the space of what can no longer be read, once that is as much as what can be.
 *
 * QEMU writes each byte at its own offset, also into a file that was emptied meanwhile. So the file is emptied and its
 * end written back to where it was: before it there is a hole, which takes no space, and offsets stay what they are. What a
 * guest writes in the moment between the last read and the emptying is lost, and reads as NUL characters.
 */
export function boundConsoleLog(file: string): void {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "r+");
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    const { size, blocks } = fs.fstatSync(descriptor);
    if (blocks * BLOCK_BYTES < 2 * CONSOLE_LOG_BYTES) return;
    const { start } = availableOf(size);
    const kept = Buffer.alloc(2 * CONSOLE_LOG_BYTES); // with room for what is written meanwhile
    let length = 0;
    for (let read = -1; read !== 0; length += read) {
      read = fs.readSync(descriptor, kept, length, kept.length - length, start + length);
    }
    fs.ftruncateSync(descriptor, 0);
    fs.writeSync(descriptor, kept, 0, length, start);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Unit of `blocks` in stat(2). */
const BLOCK_BYTES = 512;

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
