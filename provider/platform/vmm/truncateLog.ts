/** Limits the size of a log that a VM is writing. */
import * as fs from "node:fs";
import { exec } from "../../base/exec";

/** Unit of `blocks` in stat(2), whatever the file system. */
const STAT_BLOCK_BYTES = 512;

/**
 * Keeps the first `headBytes` and the last `tailBytes` of a log and frees the space between them, as soon as that is at
 * least `tailBytes`. All offsets stay valid; what is freed reads as NUL. Does nothing for a file that does not exist; rejects with other
 * file system errors.
 *
 * Where the system cannot free a part of a file, what the guest writes in the moment of a truncation is lost, and later offsets are less by
 * as much.
 */
export async function truncateLog(
  file: string,
  { headBytes, tailBytes }: { readonly headBytes: number; readonly tailBytes: number },
): Promise<void> {
  let facts: fs.Stats;
  try {
    facts = await fs.promises.stat(file);
  } catch (error) {
    if (isFileNotFound(error)) return;
    throw error;
  }
  if (facts.blocks * STAT_BLOCK_BYTES < headBytes + 2 * tailBytes) return;
  const start = Math.max(headBytes, facts.size - tailBytes);
  if (!(await punchHole(file, headBytes, start))) rewrite(file, { headBytes, tailBytes });
}

/** Frees a part of a file, which others may be writing to. False if the system or the file system cannot. Source: fallocate(1), util-linux. */
async function punchHole(file: string, start: number, end: number): Promise<boolean> {
  const range = ["--offset", String(start), "--length", String(end - start)];
  const result = await exec("fallocate", ["--punch-hole", ...range, file]).catch(() => undefined);
  return result?.code === 0;
}

/** Truncates the file, and writes head and tail back where they were. */
function rewrite(
  file: string,
  { headBytes, tailBytes }: { readonly headBytes: number; readonly tailBytes: number },
): void {
  const descriptor = fs.openSync(file, "r+");
  try {
    const start = Math.max(headBytes, fs.fstatSync(descriptor).size - tailBytes);
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
