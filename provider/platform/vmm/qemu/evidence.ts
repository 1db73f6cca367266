/** Reads what a VM left on disk about its end. */
import * as fs from "node:fs/promises";
import { reportIn } from "./control";
import type { Evidence } from "./exit";
import type { VmFiles } from "./files";

const TAIL_BYTES = 64 * 1024;

/** The end of a file as text; empty when there is none. */
async function tailOf(file: string): Promise<string> {
  const handle = await fs.open(file).catch(() => undefined);
  if (handle === undefined) return "";
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What the files of a VM tell about its end. */
export async function evidenceOnDisk(files: VmFiles): Promise<Evidence> {
  const [control, console, qemuLog] = await Promise.all([
    tailOf(files.controlLog),
    tailOf(files.consoleLog),
    tailOf(files.qemuLog),
  ]);
  return { report: reportIn(control), console, qemuLog };
}
