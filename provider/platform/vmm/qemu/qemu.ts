/** The virtual machine monitor of the local platform: QEMU. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError } from "../../../base/errors";
import type { LocalPaths } from "../../../base/localPaths";
import { systemClock } from "../../../base/clock";
import { boundLog } from "../truncateLog";
import type { Vm, VmExit, VmSpec, Vmm } from "../vmm";
import { qemuArguments } from "./boot/arguments";
import { commandLineOf } from "./boot/commandLine";
import { evidenceOnDisk } from "./exit/evidenceOnDisk";
import { judgeExit } from "./exit/classifyExit";
import { vmFilesOf, type VmFiles } from "./files";
import { guestFiles, treeBytes } from "./boot/guestFiles";
import { findVm, noteIdentity, notedFiles } from "./identity";
import { writeInitrd } from "./boot/initrd";
import { kernelKindOf, type KernelKind } from "./boot/kernelKind";
import { CONTROL_HEAD_BYTES, TAIL_BYTES } from "./exit/logTails";
import { minimumMemoryMb } from "./boot/minimumMemory";
import { inspectQemu } from "./host/probe";
import { endProcess, startQemu, startTimeOf, type ProcessIdentity, type StartedProcess } from "./host/process";
import { checkRunFolder, makeRunFolder } from "./runFolder";
import { QemuVm } from "./vm";

/** QEMU opens its sockets within milliseconds; a machine under load may take longer. */
const SOCKET_LIMIT_MS = 20_000;
const SOCKET_PAUSE_MS = 5;
/** How long the sockets of a VM that an earlier daemon was just starting may take. */
const ADOPT_LIMIT_MS = 5_000;
/** How long a process may take to go after SIGKILL. */
const KILL_LIMIT_MS = 5_000;

/** The kinds of kernel that run the stand-in guest's init, which reports on the control port. */
const speaks = (kind: KernelKind): boolean => kind === "pvh" || kind === "bzimage";

/** VMs run by QEMU. */
export class QemuVmm implements Vmm {
  readonly #paths: Pick<LocalPaths, "run" | "instances" | "cache">;

  /** @param paths Where VMs keep their sockets and logs, and where the verdict on QEMU is cached. */
  constructor(paths: Pick<LocalPaths, "run" | "instances" | "cache">) {
    this.#paths = paths;
  }

  async start(spec: VmSpec): Promise<Vm> {
    const facts = await inspectQemu(this.#paths.cache);
    const kind = await kernelKindOf(spec.kernel);
    const commandLine = commandLineOf(spec, kind, facts.accelerator === "tcg");
    const more = await guestFiles(spec, kind, commandLine.file);
    await checkMemory(spec, kind, treeBytes(more));
    const files = vmFilesOf(this.#paths, spec.uuid);
    const initrd = more.size === 0 ? spec.initrd : files.initrd;
    try {
      await fsp.mkdir(files.folder, { recursive: true, mode: 0o700 });
      await makeRunFolder(files.runFolder);
      await removeRunFiles(files);
      // What the last run left would be taken for the story of this one, should it end before QEMU writes its own.
      for (const log of [files.controlLog, files.consoleLog, files.qemuLog]) await fsp.rm(log, { force: true });
      if (more.size > 0) await writeInitrd(spec.initrd, more, files.initrd);
    } catch (error) {
      throw fromSystemError(error, "preparing a VM");
    }
    const child = startQemu(
      facts.file,
      qemuArguments({ spec, facts, kind, files, initrd, append: commandLine.append }),
      files.qemuLog,
    );
    const identity = await identify(child, files);
    try {
      await noteIdentity(files, identity);
      await awaitSocket(files, SOCKET_LIMIT_MS, child);
      return await QemuVm.connect({ identity, files, speaks: speaks(kind), ended: child.ended });
    } catch (error) {
      await endProcess(identity, KILL_LIMIT_MS);
      const end = await child.ended;
      if (end.signal === "SIGKILL") throw fromSystemError(error, "starting a VM");
      throw refusal(files, error);
    }
  }

  async adopt(spec: VmSpec): Promise<Vm | undefined> {
    const found = await findVm(this.#paths, spec.uuid);
    if (found === undefined) return undefined;
    const { identity, files } = found;
    try {
      await checkRunFolder(files.runFolder);
      await awaitSocket(files, ADOPT_LIMIT_MS);
      const kind = await kernelKindOf(spec.kernel);
      const vm = await QemuVm.connect({ identity, files, speaks: speaks(kind) });
      await noteIdentity(files, identity);
      return vm;
    } catch {
      // Nobody can control it, so it must not run on beside the one that will take its place.
      await endProcess(identity, KILL_LIMIT_MS);
      return undefined;
    }
  }

  async postMortem(uuid: string): Promise<VmExit> {
    return judgeExit(await evidenceOnDisk(vmFilesOf(this.#paths, uuid)));
  }

  async forget(uuid: string): Promise<void> {
    const files = await notedFiles(this.#paths, uuid);
    await removeRunFiles(files);
    await fsp.rm(files.folder, { recursive: true, force: true });
  }

  consoleLog(uuid: string): string {
    return vmFilesOf(this.#paths, uuid).consoleLog;
  }

  boundLogs(uuid: string): void {
    const { controlLog, qemuLog } = vmFilesOf(this.#paths, uuid);
    boundLog(controlLog, { headBytes: CONTROL_HEAD_BYTES, tailBytes: TAIL_BYTES });
    boundLog(qemuLog, { headBytes: 0, tailBytes: TAIL_BYTES });
  }

  async describe(): Promise<Readonly<Record<string, string>>> {
    const facts = await inspectQemu(this.#paths.cache);
    return {
      vmm: "qemu",
      qemu: facts.version,
      path: facts.file,
      machine: facts.machine,
      accelerator: facts.accelerator,
      sandbox: facts.sandbox ? "on" : "off",
    };
  }
}

async function checkMemory(spec: VmSpec, kind: KernelKind, moreBytes: number): Promise<void> {
  const initrdBytes = spec.initrd === undefined ? 0 : (await fsp.stat(spec.initrd)).size;
  const minimum = minimumMemoryMb(kind, initrdBytes + moreBytes);
  if (spec.memoryMb >= minimum) return;
  throw new UnikernelError("INPUT_INVALID", `The guest needs ${minimum} MiB of memory, but gets ${spec.memoryMb}.`, {
    property: "memoryMb",
    hint: `Set memoryMb to ${minimum} or more.`,
  });
}

/** Which process the VM is; throws what QEMU said when it has ended already. */
async function identify(child: StartedProcess, files: VmFiles): Promise<ProcessIdentity> {
  const startTime = child.pid === undefined ? undefined : await startTimeOf(child.pid);
  if (child.pid === undefined || startTime === undefined) {
    await child.ended;
    throw refusal(files, undefined);
  }
  return { pid: child.pid, startTime };
}

async function awaitSocket(files: VmFiles, limitMs: number, child?: StartedProcess): Promise<void> {
  let ended = false;
  void child?.ended.then(() => (ended = true));
  for (const deadline = performance.now() + limitMs; performance.now() < deadline;) {
    if (ended) throw refusal(files, undefined);
    // The monitor's socket is made last, so all of them listen.
    if (fs.existsSync(files.monitorSocket)) return;
    await systemClock.sleep(SOCKET_PAUSE_MS);
  }
  throw new UnikernelError("VMM_FAILED", `QEMU did not open its control sockets within ${limitMs} ms.`);
}

/** QEMU's last words, without the program's name before them. */
function refusal(files: VmFiles, cause: unknown): UnikernelError {
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
