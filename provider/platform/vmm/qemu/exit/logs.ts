/** Reads what a VM has left in its logs. Only their ends are read, because a guest may write any amount. */
import * as fs from "node:fs/promises";
import type { VmFiles } from "../files";
import type { ExitEvidence } from "./classifyExit";
import { parseShutdownReason } from "./eventLog";
import { parseReport } from "./guestReport";

/** Bytes at the start of the control log that are kept and read: there the guest reports that its program runs. */
export const CONTROL_HEAD_BYTES = 4 * 1024;
/** Bytes at the end of every log that are kept and read: they show how the VM ended. */
export const TAIL_BYTES = 64 * 1024;

/** The evidence of a VM's exit that its logs contain; a log that does not exist counts as empty. */
export async function readExitEvidence(files: VmFiles): Promise<ExitEvidence> {
  const [control, console, qemuLog, eventLog] = await Promise.all([
    readHeadAndTail(files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES),
    readHeadAndTail(files.consoleLog, 0, TAIL_BYTES),
    readHeadAndTail(files.qemuLog, 0, TAIL_BYTES),
    readHeadAndTail(files.eventLog, 0, TAIL_BYTES),
  ]);
  const shutdownReason = parseShutdownReason(eventLog);
  return { report: parseReport(control), console, qemuLog: withoutNotices(qemuLog), shutdownReason };
}

/** QEMU's output without what it says of every VM: the hub of the user network has no network card, and needs none. */
export const withoutNotices = (qemuLog: string): string =>
  qemuLog.replace(/^.*: warning: hub \d+ with no nics\n?/m, "");

/**
 * The first `headBytes` and the last `tailBytes` of a log as text, separated by a line break; the whole log if it is not
 * longer than both. Empty when the file cannot be opened.
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
