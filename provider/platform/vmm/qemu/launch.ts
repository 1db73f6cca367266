/** Starts a QEMU process, up to the point where its control sockets accept connections. */
import * as fs from "node:fs";
import * as path from "node:path";
import { fromSystemError, UnikernelError } from "../../../base/errors";
import { systemClock } from "../../../base/clock";
import { withoutNotices } from "./exit/logs";
import type { VmFiles } from "./files";
import { type ProcessIdentity, processStartTime } from "../../../base/processIdentity";
import { killAndWait, spawnQemu, type StartedProcess } from "./host/process";
import { saveIdentity } from "./identity";
import { QemuTimeoutError } from "./qmpClient";
import { QemuVm, type QemuVmParts } from "./vm";

/** How long QEMU may take to open its sockets: milliseconds usually, longer on a busy host. */
const SOCKET_TIMEOUT_MS = 20_000;
/** How long a process may take to end after SIGKILL. */
export const KILL_TIMEOUT_MS = 5_000;

const SOCKET_POLL_MS = 5;

/**
 * The identity of a process that was just started. Throws `VMM_FAILED` with QEMU's message when it has already exited.
 */
export async function identifyProcess(child: StartedProcess, files: VmFiles): Promise<ProcessIdentity> {
  const startTime = child.pid === undefined ? undefined : await processStartTime(child.pid);
  if (child.pid === undefined || startTime === undefined) {
    const { error } = await child.exited;
    throw launchError(files, error);
  }
  return { pid: child.pid, startTime };
}

/**
 * Resolves when QEMU's control sockets exist. Throws {@link QemuTimeoutError} when they do not within `timeoutMs`, and `VMM_FAILED` when QEMU
 * exits.
 *
 * @param child the process, if this daemon started it
 */
export async function waitForSockets(files: VmFiles, timeoutMs: number, child?: StartedProcess): Promise<void> {
  let hasExited = false;
  void child?.exited.then(() => (hasExited = true));
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (hasExited) throw launchError(files, undefined);
    // QEMU creates the monitor's socket last, so all others exist by then.
    if (fs.existsSync(files.monitorSocket)) return;
    await systemClock.sleep(SOCKET_POLL_MS);
  }
  throw new QemuTimeoutError(`QEMU did not open its control sockets within ${timeoutMs} ms.`);
}

/** The error of a start that failed, with the last lines that QEMU printed. */
export function launchError(files: VmFiles, cause: unknown): UnikernelError {
  const log = fs.existsSync(files.qemuLog) ? fs.readFileSync(files.qemuLog, "utf8") : "";
  const lastLines = withoutNotices(log)
    .trim()
    .split("\n")
    .slice(-3)
    .join(" ")
    .replace(/^\S*qemu\S*: /, "");
  return new UnikernelError("VMM_FAILED", `QEMU could not start the VM: ${lastLines || "it printed no message."}`, {
    hint: `QEMU's output is in instances/${path.basename(files.folder)}/qemu.log of the state folder.`,
    cause,
  });
}

/**
 * Starts a QEMU process and connects to it. Throws `VMM_FAILED` with QEMU's message; no process is left then.
 *
 * @param file path of QEMU
 */
export async function launchVm(
  file: string,
  args: readonly string[],
  parts: Pick<QemuVmParts, "files" | "hasControlProtocol" | "network" | "program" | "shape" | "disks" | "unsavable">,
): Promise<QemuVm> {
  const { files } = parts;
  const child = spawnQemu(file, args, files.qemuLog);
  const identity = await identifyProcess(child, files);
  try {
    await saveIdentity(files, identity);
    await waitForSockets(files, SOCKET_TIMEOUT_MS, child);
    return await QemuVm.connect({ ...parts, identity, exited: child.exited });
  } catch (error) {
    await killAndWait(identity, KILL_TIMEOUT_MS);
    const exit = await child.exited;
    if (exit.signal === "SIGKILL") throw fromSystemError(error, "starting a VM");
    throw launchError(files, error);
  }
}
