/** What is read of a VM's logs: their ends, since a guest writes as much as it likes. */
import * as fs from "node:fs/promises";

/** Of the control log: the beginning, where a guest says that its program runs. */
export const CONTROL_HEAD_BYTES = 4 * 1024;
/** Of every log: the end, where it says how it went. */
export const TAIL_BYTES = 64 * 1024;

/**
 * Beginning and end of a log as text, whole where they meet, else a line of their own each; empty when there is none.
 */
export async function readHeadAndTail(file: string, headBytes: number, tailBytes: number): Promise<string> {
  const handle = await fs.open(file).catch(() => undefined);
  if (handle === undefined) return "";
  const read = async (start: number, end: number): Promise<string> => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    return buffer.toString("utf8", 0, bytesRead);
  };
  try {
    const { size } = await handle.stat();
    if (size <= headBytes + tailBytes) return await read(0, size);
    const tail = await read(size - tailBytes, size);
    return headBytes === 0 ? tail : `${await read(0, headBytes)}\n${tail}`;
  } finally {
    await handle.close();
  }
}
