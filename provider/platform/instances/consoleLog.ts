/** Console logs: what can be read of them. */
import * as fsp from "node:fs/promises";
import { truncateLog, isFileNotFound } from "../vmm/truncateLog";

/** How much of a console log can be read: its last bytes. */
export const CONSOLE_LOG_MAX_BYTES = 1024 * 1024;

/** Byte offsets since the VM was started; `end` is exclusive. */
export type ByteRange = {
  readonly start: number;
  readonly end: number;
};

/** What can be read of a log to which `size` bytes were written. Pure. */
export const availableRange = (size: number): ByteRange => ({
  start: Math.max(0, size - CONSOLE_LOG_MAX_BYTES),
  end: size,
});

/** Which bytes a request for `limit` bytes from `offset` (negative: from the end) gets of what is available. Pure. */
export function requestedRange({ start, end }: ByteRange, offset: number, limit: number): ByteRange {
  const from = Math.min(end, Math.max(start, offset < 0 ? end + offset : offset));
  return { start: from, end: Math.min(end, from + limit) };
}

/** Reads a window; a log that does not exist yet is empty. */
export async function readConsoleLog(
  file: string,
  offset: number,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly available: ByteRange; readonly range: ByteRange }> {
  let handle: fsp.FileHandle;
  try {
    handle = await fsp.open(file, "r");
  } catch (error) {
    if (!isFileNotFound(error)) throw error;
    return { bytes: new Uint8Array(), available: { start: 0, end: 0 }, range: { start: 0, end: 0 } };
  }
  try {
    const available = availableRange((await handle.stat()).size);
    const { start, end } = requestedRange(available, offset, limit);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    return { bytes: buffer.subarray(0, bytesRead), available, range: { start, end: start + bytesRead } };
  } finally {
    await handle.close();
  }
}

/** Frees the space of what can no longer be read, once that is as much as what can be. */
export const truncateConsoleLog = (file: string): void =>
  truncateLog(file, { headBytes: 0, tailBytes: CONSOLE_LOG_MAX_BYTES });
