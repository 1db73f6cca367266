/** Reads what a VM left on disk about its end. */
import { parseReport } from "./guestReport";
import type { ExitEvidence } from "./classifyExit";
import type { VmFiles } from "../files";
import { CONTROL_HEAD_BYTES, readHeadAndTail, TAIL_BYTES } from "./readLog";

/** What the files of a VM tell about its end. */
export async function readExitEvidence(files: VmFiles): Promise<ExitEvidence> {
  const [control, console, qemuLog] = await Promise.all([
    readHeadAndTail(files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES),
    readHeadAndTail(files.consoleLog, 0, TAIL_BYTES),
    readHeadAndTail(files.qemuLog, 0, TAIL_BYTES),
  ]);
  return { report: parseReport(control), console, qemuLog };
}
