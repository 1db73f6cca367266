/** Reads what a VM left on disk about its end. */
import { reportIn } from "./guestReport";
import type { Evidence } from "./classifyExit";
import type { VmFiles } from "../files";
import { CONTROL_HEAD_BYTES, endsOf, TAIL_BYTES } from "./logTails";

/** What the files of a VM tell about its end. */
export async function evidenceOnDisk(files: VmFiles): Promise<Evidence> {
  const [control, console, qemuLog] = await Promise.all([
    endsOf(files.controlLog, CONTROL_HEAD_BYTES, TAIL_BYTES),
    endsOf(files.consoleLog, 0, TAIL_BYTES),
    endsOf(files.qemuLog, 0, TAIL_BYTES),
  ]);
  return { report: reportIn(control), console, qemuLog };
}
