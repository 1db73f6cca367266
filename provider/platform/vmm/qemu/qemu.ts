/** The virtual machine monitor of the local platform: QEMU. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError } from "../../../base/errors";
import type { LocalPaths } from "../../../base/localPaths";
import { systemClock } from "../../../base/clock";
import { truncateLog } from "../truncateLog";
import type { Vm, VmExit, VmSpec, Vmm } from "../vmm";
import { qemuArguments } from "./boot/arguments";
import { buildCommandLine } from "./boot/commandLine";
import { readExitEvidence } from "./exit/evidenceOnDisk";
import { classifyExit } from "./exit/classifyExit";
import { vmFilesOf, type VmFiles } from "./files";
import { buildGuestFiles, treeSizeBytes } from "./boot/guestFiles";
import { findRunningVm, saveIdentity, loadVmFiles } from "./identity";
import { writeInitrd } from "./boot/initrd";
import { detectKernelKind, type KernelKind } from "./boot/kernelKind";
import { CONTROL_HEAD_BYTES, TAIL_BYTES } from "./exit/readLog";
import { minimumMemoryMb } from "./boot/minimumMemory";
import { probeQemu } from "./host/probe";
import { killAndWait, spawnQemu, processStartTime, type ProcessIdentity, type StartedProcess } from "./host/process";
import { assertPrivateRunFolder, ensureRunFolder } from "./runFolder";
import { QemuVm } from "./vm";

/** QEMU opens its sockets within milliseconds; a machine under load may take longer. */
const SOCKET_TIMEOUT_MS = 20_000;
const SOCKET_POLL_MS = 5;
/** How long the sockets of a VM that an earlier daemon was just starting may take. */
const ADOPT_TIMEOUT_MS = 5_000;
/** How long a process may take to go after SIGKILL. */
const KILL_TIMEOUT_MS = 5_000;

/** The kinds of kernel that run the stand-in guest's init, which reports on the control port. */
const hasControlProtocol = (kind: KernelKind): boolean => kind === "pvh" || kind === "bzimage";

/** VMs run by QEMU. */
export class QemuVmm implements Vmm {
  readonly #paths: Pick<LocalPaths, "runDir" | "instancesDir" | "cacheDir">;

  /** @param paths Where VMs keep their sockets and logs, and where the verdict on QEMU is cached. */
  constructor(paths: Pick<LocalPaths, "runDir" | "instancesDir" | "cacheDir">) {
    this.#paths = paths;
  }

  async start(spec: VmSpec): Promise<Vm> {
    const capabilities = await probeQemu(this.#paths.cacheDir);
    const kind = await detectKernelKind(spec.kernel);
    const commandLine = buildCommandLine(spec, kind, capabilities.accelerator === "tcg");
    const extraFiles = await buildGuestFiles(spec, kind, commandLine.file);
    await assertEnoughMemory(spec, kind, treeSizeBytes(extraFiles));
    const files = vmFilesOf(this.#paths, spec.uuid);
    const initrd = extraFiles.size === 0 ? spec.initrd : files.initrd;
    try {
      await fsp.mkdir(files.folder, { recursive: true, mode: 0o700 });
      await ensureRunFolder(files.runFolder);
      await removeRunFiles(files);
      // What the last run left would be taken for the story of this one, should it end before QEMU writes its own.
      for (const log of [files.controlLog, files.consoleLog, files.qemuLog]) await fsp.rm(log, { force: true });
      if (extraFiles.size > 0) await writeInitrd(spec.initrd, extraFiles, files.initrd);
    } catch (error) {
      throw fromSystemError(error, "preparing a VM");
    }
    const child = spawnQemu(
      capabilities.file,
      qemuArguments({ spec, capabilities, kind, files, initrd, append: commandLine.append }),
      files.qemuLog,
    );
    const identity = await identifyProcess(child, files);
    try {
      await saveIdentity(files, identity);
      await waitForSockets(files, SOCKET_TIMEOUT_MS, child);
      return await QemuVm.connect({
        identity,
        files,
        hasControlProtocol: hasControlProtocol(kind),
        exited: child.exited,
      });
    } catch (error) {
      await killAndWait(identity, KILL_TIMEOUT_MS);
      const end = await child.exited;
      if (end.signal === "SIGKILL") throw fromSystemError(error, "starting a VM");
      throw startError(files, error);
    }
  }

  async adopt(spec: VmSpec): Promise<Vm | undefined> {
    const found = await findRunningVm(this.#paths, spec.uuid);
    if (found === undefined) return undefined;
    const { identity, files } = found;
    try {
      await assertPrivateRunFolder(files.runFolder);
      await waitForSockets(files, ADOPT_TIMEOUT_MS);
      const kind = await detectKernelKind(spec.kernel);
      const vm = await QemuVm.connect({ identity, files, hasControlProtocol: hasControlProtocol(kind) });
      await saveIdentity(files, identity);
      return vm;
    } catch {
      // Nobody can control it, so it must not run on beside the one that will take its place.
      await killAndWait(identity, KILL_TIMEOUT_MS);
      return undefined;
    }
  }

  async postMortem(uuid: string): Promise<VmExit> {
    return classifyExit(await readExitEvidence(vmFilesOf(this.#paths, uuid)));
  }

  async removeFiles(uuid: string): Promise<void> {
    const files = await loadVmFiles(this.#paths, uuid);
    await removeRunFiles(files);
    await fsp.rm(files.folder, { recursive: true, force: true });
  }

  consoleLogPath(uuid: string): string {
    return vmFilesOf(this.#paths, uuid).consoleLog;
  }

  truncateLogs(uuid: string): void {
    const { controlLog, qemuLog } = vmFilesOf(this.#paths, uuid);
    truncateLog(controlLog, { headBytes: CONTROL_HEAD_BYTES, tailBytes: TAIL_BYTES });
    truncateLog(qemuLog, { headBytes: 0, tailBytes: TAIL_BYTES });
  }

  async describe(): Promise<Readonly<Record<string, string>>> {
    const capabilities = await probeQemu(this.#paths.cacheDir);
    return {
      vmm: "qemu",
      qemu: capabilities.version,
      path: capabilities.file,
      machine: capabilities.machine,
      accelerator: capabilities.accelerator,
      sandbox: capabilities.sandbox ? "on" : "off",
    };
  }
}

async function assertEnoughMemory(spec: VmSpec, kind: KernelKind, moreBytes: number): Promise<void> {
  const initrdBytes = spec.initrd === undefined ? 0 : (await fsp.stat(spec.initrd)).size;
  const minimum = minimumMemoryMb(kind, initrdBytes + moreBytes);
  if (spec.memoryMb >= minimum) return;
  throw new UnikernelError("INPUT_INVALID", `The guest needs ${minimum} MiB of memory, but gets ${spec.memoryMb}.`, {
    property: "memoryMb",
    hint: `Set memoryMb to ${minimum} or more.`,
  });
}

/** Which process the VM is; throws what QEMU said when it has ended already. */
async function identifyProcess(child: StartedProcess, files: VmFiles): Promise<ProcessIdentity> {
  const startTime = child.pid === undefined ? undefined : await processStartTime(child.pid);
  if (child.pid === undefined || startTime === undefined) {
    await child.exited;
    throw startError(files, undefined);
  }
  return { pid: child.pid, startTime };
}

async function waitForSockets(files: VmFiles, timeoutMs: number, child?: StartedProcess): Promise<void> {
  let ended = false;
  void child?.exited.then(() => (ended = true));
  for (const deadline = performance.now() + timeoutMs; performance.now() < deadline;) {
    if (ended) throw startError(files, undefined);
    // The monitor's socket is made last, so all of them listen.
    if (fs.existsSync(files.monitorSocket)) return;
    await systemClock.sleep(SOCKET_POLL_MS);
  }
  throw new UnikernelError("VMM_FAILED", `QEMU did not open its control sockets within ${timeoutMs} ms.`);
}

/** QEMU's last words, without the program's name before them. */
function startError(files: VmFiles, cause: unknown): UnikernelError {
  const log = fs.existsSync(files.qemuLog) ? fs.readFileSync(files.qemuLog, "utf8") : "";
  const words = log
    .trim()
    .split("\n")
    .slice(-3)
    .join(" ")
    .replace(/^\S*qemu\S*: /, "");
  return new UnikernelError("VMM_FAILED", `QEMU could not start the VM: ${words || "it said nothing."}`, {
    hint: `QEMU's output is in ${path.basename(files.folder)}/qemu.log of the state folder.`,
    cause,
  });
}

async function removeRunFiles(files: VmFiles): Promise<void> {
  for (const file of [files.qmpSocket, files.monitorSocket, files.controlSocket, files.identity]) {
    await fsp.rm(file, { force: true });
  }
}
