/**
 * Runs the VMs of the local platform with QEMU.
 *
 * Where to look: `launch.ts` starts a process, `vm.ts` controls a running one, `boot/` decides its arguments and files,
 * `agent/` talks to the guest, `exit/` decides how it ended, `host/` finds QEMU and its capabilities, `identity.ts` finds VMs of an
 * earlier daemon, `savableVm.ts` and `memory/` save VMs and restore them.
 */
import * as fsp from "node:fs/promises";
import { fileExists } from "../../../base/files";
import { fromSystemError, hasErrorCode, UnikernelError } from "../../../base/errors";
import { assertPrivateRunFolder } from "../../../base/runFolder";
import type { LocalPaths } from "../../../base/localPaths";
import { isErofs } from "../../../image/erofs/read";
import { agentObstacleOf } from "../../../image/kernel/agentRules";
import { kindViolations } from "../../../image/kernel/guestRules";
import { detectKernelKind, type KernelKind } from "../../../image/kernel/kernelKind";
import { memoryViolations } from "../../../image/kernel/minimumMemory";
import { findUnikraftParameters } from "../../../image/kernel/unikraftParameters";
import { assertNoViolation } from "../../../image/kernel/violation";
import { truncateLog } from "../truncateLog";
import type { Vm, VmExit, VmSpec, Vmm } from "../vmm";
import { type GuestMemory, qemuArguments } from "./boot/arguments";
import { buildCommandLine } from "./boot/commandLine";
import { buildGuestFiles, treeSizeBytes } from "./boot/guestFiles";
import { writeInitrd } from "./boot/initrd";
import { composeBootInitrd, findRootDisk } from "./boot/rootDisk";
import { classifyExit } from "./exit/classifyExit";
import { prepareVolumes } from "./boot/volumeBacking";
import { CONTROL_HEAD_BYTES, readExitEvidence, TAIL_BYTES } from "./exit/logs";
import { removeRunFiles, vmFilesOf } from "./files";
import { probeQemu } from "./host/probe";
import { continueProcess, killAndWait } from "./host/process";
import { findRunningVm, loadVmFiles, type RunningVm, saveIdentity } from "./identity";
import { KILL_TIMEOUT_MS, launchVm, waitForSockets } from "./launch";
import {
  createRamFile,
  forgetSaved,
  type MemoryFiles,
  memoryFilesOf,
  prepareFolders,
  removeMemory,
} from "./memory/files";
import { loadMachine, machineOf, saveMachine } from "./memory/machine";
import { assertClonable, startClone } from "./memory/clone";
import { restoreVm } from "./memory/restore";
import { isMarkedSaved } from "./memory/savedMark";
import { shapeOf, snapshotFilesOf } from "./memory/snapshot";
import { SavableVm } from "./savableVm";
import { QemuVm } from "./vm";

/** How long QEMU may take to open its sockets, if an earlier daemon was starting it when it ended. */
const ADOPT_TIMEOUT_MS = 5_000;

const isLinux = (kind: KernelKind): boolean => kind === "pvh" || kind === "bzimage";

/** What is known of a guest. Kernels of Linux run the stand-in guest's init, which reports on the control port. */
const guestParts = (spec: VmSpec, kind: KernelKind) => ({
  hasControlProtocol: isLinux(kind),
  network: spec.network,
  program: spec.args[0],
  shape: shapeOf(spec),
  disks: spec.disks,
});

/** A virtual machine monitor that runs each VM in its own QEMU process. */
export class QemuVmm implements Vmm {
  readonly #paths: Pick<LocalPaths, "runDir" | "instancesDir" | "cacheDir">;

  /** @param paths folders for sockets, for logs, and for the cached capabilities of QEMU */
  constructor(paths: Pick<LocalPaths, "runDir" | "instancesDir" | "cacheDir">) {
    this.#paths = paths;
  }

  async start(spec: VmSpec): Promise<Vm> {
    const capabilities = await probeQemu(this.#paths.cacheDir);
    const kind = await detectKernelKind(spec.kernel);
    assertNoViolation(kindViolations(kind));
    const parameters = kind === "multiboot" ? await findUnikraftParameters(spec.kernel) : undefined;
    const commandLine = buildCommandLine(spec, parameters);
    const extraFiles = await buildGuestFiles(spec, kind, commandLine.file);
    const rootDisk = await findRootDisk(spec.initrd, kind);
    const initrdFiles = rootDisk === undefined ? extraFiles : composeBootInitrd(rootDisk, extraFiles);
    const unpacked = rootDisk === undefined ? spec.initrd : undefined;
    const initrdSize = {
      bytes: (await sizeOfFile(unpacked)) + treeSizeBytes(initrdFiles),
      isErofs: unpacked !== undefined && (await isErofs(unpacked)),
    };
    assertNoViolation(memoryViolations(spec.memoryMb, kind, initrdSize));
    const files = vmFilesOf(this.#paths, spec.uuid);
    const initrd = initrdFiles.size === 0 ? spec.initrd : files.initrd;
    const memory = memoryFilesOf(files.folder);
    let unsavable = findObstacle(spec, kind);
    try {
      await prepareVolumes(spec.disks, kind);
      await prepareFolders(files);
      if (initrdFiles.size > 0) await writeInitrd(unpacked, initrdFiles, files.initrd);
      if (unsavable === undefined) unsavable = await reserveMemory(memory, spec.memoryMb);
    } catch (error) {
      throw fromSystemError(error, "preparing a VM");
    }
    const isSavable = unsavable === undefined;
    const append = commandLine.append;
    const args = qemuArguments({
      ...{ spec, capabilities, kind, files, initrd, rootDisk: rootDisk?.file, append },
      memory: isSavable ? { in: "file", file: memory.ram } : unsavedMemory(kind),
    });
    if (isSavable) await saveMachine(memory, machineOf(spec, { capabilities, files, args }));
    try {
      const vm = await launchVm(capabilities.file, args, { files, ...guestParts(spec, kind), unsavable });
      return isSavable ? this.#savable(spec, kind, vm) : vm;
    } catch (error) {
      await removeMemory(memory).catch(() => undefined); // the next start, or the delete, removes it
      throw error;
    }
  }

  async clone(spec: VmSpec, folder: string): Promise<Vm> {
    const capabilities = await probeQemu(this.#paths.cacheDir);
    const kind = await detectKernelKind(spec.kernel);
    const files = vmFilesOf(this.#paths, spec.uuid);
    const snapshot = snapshotFilesOf(folder);
    await assertClonable(snapshot, spec, capabilities);
    const { append } = buildCommandLine(spec, undefined);
    const rootDisk = await findRootDisk(spec.initrd, kind);
    const input = { spec, capabilities, kind, files, initrd: undefined, rootDisk: rootDisk?.file, append };
    const args = qemuArguments({ ...input, memory: { in: "snapshot", file: snapshot.ram } });
    const unsavable = findObstacle(spec, kind);
    const own = qemuArguments({ ...input, memory: { in: "file", file: memoryFilesOf(files.folder).ram } });
    const machine = unsavable === undefined ? machineOf(spec, { capabilities, files, args: own }) : undefined;
    const guest = { ...guestParts(spec, kind), unsavable };
    const vm = await startClone({ spec, qemu: capabilities.file, files, snapshot, args, machine, guest });
    return machine === undefined ? vm : this.#savable(spec, kind, vm);
  }

  async adopt(spec: VmSpec): Promise<Vm | undefined> {
    const found = await findRunningVm(this.#paths, spec.uuid);
    if (found !== undefined && (await fileExists(found.files.unfinishedClone))) {
      await killAndWait(found.identity, KILL_TIMEOUT_MS);
      return undefined;
    }
    const memory = memoryFilesOf(vmFilesOf(this.#paths, spec.uuid).folder);
    if (isMarkedSaved(memory)) {
      // An earlier daemon was saving or restoring it; the process has not executed the guest since.
      if (found !== undefined) await killAndWait(found.identity, KILL_TIMEOUT_MS);
      return this.#savable(spec, await detectKernelKind(spec.kernel), undefined);
    }
    const vm = found === undefined ? undefined : await this.#adoptProcess(spec, found);
    if (vm === undefined) {
      await removeMemory(memory);
      return undefined;
    }
    await forgetSaved(memory); // a device state without a mark
    if ((await loadMachine(memory)) === undefined) return vm;
    return this.#savable(spec, await detectKernelKind(spec.kernel), vm);
  }

  async #adoptProcess(spec: VmSpec, { identity, files }: RunningVm): Promise<QemuVm | undefined> {
    try {
      await assertPrivateRunFolder(files.runFolder);
      await continueProcess(identity); // whoever adopts a paused VM pauses it again
      await waitForSockets(files, ADOPT_TIMEOUT_MS);
      const kind = await detectKernelKind(spec.kernel);
      const unsavable = findObstacle(spec, kind);
      const vm = await QemuVm.connect({ files, identity, ...guestParts(spec, kind), unsavable });
      await saveIdentity(files, identity);
      return vm;
    } catch {
      // A VM that cannot be controlled must not keep running next to its replacement.
      await killAndWait(identity, KILL_TIMEOUT_MS);
      return undefined;
    }
  }

  #savable(spec: VmSpec, kind: KernelKind, running: QemuVm | undefined): SavableVm {
    const parts = {
      memory: memoryFilesOf(vmFilesOf(this.#paths, spec.uuid).folder),
      disks: spec.disks,
      restore: () => restoreVm(this.#paths, spec, guestParts(spec, kind)),
      removeRunFiles: async () => removeRunFiles(await loadVmFiles(this.#paths, spec.uuid)),
    };
    return new SavableVm(parts, running);
  }

  async findAgentObstacle(kernel: string): Promise<string | undefined> {
    return agentObstacleOf(await detectKernelKind(kernel));
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

  async truncateLogs(uuid: string): Promise<void> {
    const { controlLog, qemuLog, eventLog } = vmFilesOf(this.#paths, uuid);
    await truncateLog(controlLog, { headBytes: CONTROL_HEAD_BYTES, tailBytes: TAIL_BYTES });
    for (const log of [qemuLog, eventLog]) await truncateLog(log, { headBytes: 0, tailBytes: TAIL_BYTES });
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

const sizeOfFile = async (file: string | undefined): Promise<number> =>
  file === undefined ? 0 : (await fsp.stat(file)).size;

/** Only Linux has files of its own memory, and only Linux guests have an agent that makes a clone a guest of its own. */
const unsavedMemory = (kind: KernelKind): GuestMemory =>
  process.platform === "linux" && isLinux(kind) ? { in: "memfd" } : { in: "process" };

/** Why a VM cannot be saved, as the end of a sentence; `undefined` if nothing is known against it. */
function findObstacle({ isSavable, disks }: VmSpec, kind: KernelKind): string | undefined {
  if (!isSavable) return "it was not to be saved when it started";
  if (kind === "multiboot" && disks.length > 0)
    return "its volumes are folders of this machine (9p), which QEMU cannot save";
  return undefined;
}

/** Creates the file of the guest's memory. Returns why that was not possible for want of space; the VM then runs without. */
async function reserveMemory(memory: MemoryFiles, memoryMb: number): Promise<string | undefined> {
  try {
    await createRamFile(memory, memoryMb);
    return undefined;
  } catch (error) {
    const isFull = error instanceof UnikernelError || hasErrorCode(error, "ENOSPC", "EDQUOT");
    if (!isFull) throw error;
    await removeMemory(memory);
    return `the disk had no space for ${memoryMb} MiB when it started`;
  }
}
