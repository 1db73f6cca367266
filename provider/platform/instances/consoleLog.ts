/** Reads and truncates console logs. */
import * as fsp from "node:fs/promises";
import { truncateLog, isFileNotFound } from "../vmm/truncateLog";
import type { Vmm } from "../vmm/vmm";

/** Most bytes of a console log that can be read: the last 1 MiB. */
export const CONSOLE_LOG_MAX_BYTES = 1024 * 1024;

/** Byte offsets from the start of the VM; `end` is exclusive. */
export type ByteRange = {
  readonly start: number;
  readonly end: number;
};

/** The readable range of a log of `size` bytes. Pure. */
export const availableRange = (size: number): ByteRange => ({
  start: Math.max(0, size - CONSOLE_LOG_MAX_BYTES),
  end: size,
});

/**
 * The part of the available range that a request for `limit` bytes from `offset` (negative: from the end) gets. Pure.
 */
export function requestedRange({ start, end }: ByteRange, offset: number, limit: number): ByteRange {
  const from = Math.min(end, Math.max(start, offset < 0 ? end + offset : offset));
  return { start: from, end: Math.min(end, from + limit) };
}

/** Reads up to `limit` bytes from `offset` (negative: from the end). A log that does not exist yet is empty. */
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

/** Frees the disk space before the readable range, once that is as large as the readable range itself. */
export const truncateConsoleLog = (file: string): Promise<void> =>
  truncateLog(file, { headBytes: 0, tailBytes: CONSOLE_LOG_MAX_BYTES });

/** Truncates all logs of a VM. */
export async function truncateLogs(vmm: Pick<Vmm, "consoleLogPath" | "truncateLogs">, uuid: string): Promise<void> {
  await truncateConsoleLog(vmm.consoleLogPath(uuid));
  await vmm.truncateLogs(uuid);
}
