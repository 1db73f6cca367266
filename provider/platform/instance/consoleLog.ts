/** A window of a console log. */
import * as fs from "node:fs/promises";

/** Byte offsets; `end` is exclusive. */
export type Window = {
  readonly start: number;
  readonly end: number;
};

/** Which bytes a request for `limit` bytes from `offset` (negative: from the end) gets of a log of `size` bytes. Pure. */
export function windowOf(size: number, offset: number, limit: number): Window {
  const start = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
  return { start, end: Math.min(size, start + limit) };
}

/** Reads a window; a log that does not exist yet is empty. */
export async function readConsoleLog(
  file: string,
  offset: number,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly available: Window; readonly range: Window }> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, "r");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    return { bytes: new Uint8Array(), available: { start: 0, end: 0 }, range: { start: 0, end: 0 } };
  }
  try {
    const { size } = await handle.stat();
    const wanted = windowOf(size, offset, limit);
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(wanted.end - wanted.start),
      0,
      wanted.end - wanted.start,
      wanted.start,
    );
    return {
      bytes: buffer.subarray(0, bytesRead),
      available: { start: 0, end: size },
      range: { start: wanted.start, end: wanted.start + bytesRead },
    };
  } finally {
    await handle.close();
  }
}
