/**
 * Watches the console of a kernel that may go on after its end. app-elfloader sleeps for ever when it could not execute its program, and
 * recent Unikraft kernels halt the processor after a trap; the VM runs on in both cases, and only the console tells.
 */
import * as fs from "node:fs/promises";
import { systemClock } from "../../../../base/clock";
import { TAIL_BYTES } from "./logs";

/** Interval of the checks. */
const POLL_INTERVAL_MS = 250;
/** How long a kernel may take to end by itself after it has printed that it crashed. */
const CRASH_GRACE_MS = 1000;
/** Text that is kept for the next check, because it may hold the start of a line. */
const MAX_LINE_CHARS = 1024;

/** What the console tells: the program could not be executed, or the kernel crashed. */
export type ConsoleEnd = "not-executed" | "crashed";

/**
 * The end that a part of a console shows; `undefined` if it shows none. Pure.
 *
 * @param program path of the program, as the kernel was told it; `undefined` for none. A program's own lines about other programs do not
 *   count
 */
export function findConsoleEnd(text: string, program: string | undefined): ConsoleEnd | undefined {
  if (program !== undefined && text.includes(`Failed to execute ${program}: `)) return "not-executed";
  return /\bUnhandled Trap \d+ \(/.test(text) ? "crashed" : undefined;
}

/** Resolves when the console shows an end, after the time that a crashed kernel gets to end the VM itself; never once the signal aborts. */
export async function watchConsole(
  consoleLog: string,
  program: string | undefined,
  signal: AbortSignal,
): Promise<ConsoleEnd> {
  let position = 0;
  let kept = "";
  for (;;) {
    const read = await readFrom(consoleLog, position);
    position = read.end;
    const text = kept + read.text;
    const end = findConsoleEnd(text, program);
    kept = text.slice(-MAX_LINE_CHARS);
    await systemClock.sleep(end === "crashed" ? CRASH_GRACE_MS : POLL_INTERVAL_MS, signal).catch(() => undefined);
    if (signal.aborted) return new Promise(() => undefined);
    if (end !== undefined) return end;
  }
}

/** What was written since `position`, at most the last {@link TAIL_BYTES}. Nothing if the file cannot be read. */
async function readFrom(file: string, position: number): Promise<{ readonly text: string; readonly end: number }> {
  const handle = await fs.open(file).catch(() => undefined);
  if (handle === undefined) return { text: "", end: position };
  try {
    const { size } = await handle.stat();
    const start = Math.max(position, size - TAIL_BYTES);
    if (size <= start) return { text: "", end: size };
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return { text: buffer.toString("utf8", 0, bytesRead), end: start + bytesRead };
  } catch {
    return { text: "", end: position };
  } finally {
    await handle.close();
  }
}
