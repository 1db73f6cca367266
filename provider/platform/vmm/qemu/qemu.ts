/**
 * Runs the VMs of the local platform with QEMU.
 *
 * Where to look: `launch.ts` starts a process, `vm.ts` controls a running one, `boot/` decides its arguments and files,
 * `agent/` talks to the guest, `exit/` decides how it ended, `host/` finds QEMU and its capabilities, `identity.ts` finds VMs of an earlier daemon.
 */
import * as fsp from "node:fs/promises";
import { fromSystemError } from "../../../base/errors";
import { assertPrivateRunFolder, ensureRunFolder } from "../../../base/runFolder";
import type { LocalPaths } from "../../../base/localPaths";
import { isErofs } from "../../../image/erofs/read";
import { truncateLog } from "../truncateLog";
import type { Vm, VmExit, VmSpec, Vmm } from "../vmm";
import { qemuArguments } from "./boot/arguments";
import { buildCommandLine } from "./boot/commandLine";
import { buildGuestFiles, treeSizeBytes } from "./boot/guestFiles";
import { writeInitrd } from "./boot/initrd";
import { composeBootInitrd, findRootDisk } from "./boot/rootDisk";
import { detectKernelKind, type KernelKind } from "./boot/kernelKind";
import { assertEnoughMemory } from "./boot/minimumMemory";
import { findUnikraftParameters } from "./boot/unikraftParameters";
import { classifyExit } from "./exit/classifyExit";
import { prepareVolumes } from "./boot/volumeBacking";
import { CONTROL_HEAD_BYTES, readExitEvidence, TAIL_BYTES } from "./exit/logs";
import { removeRunFiles, vmFilesOf } from "./files";
import { probeQemu } from "./host/probe";
import { continueProcess, killAndWait, spawnQemu } from "./host/process";
import { findRunningVm, loadVmFiles, saveIdentity } from "./identity";
import { identifyProcess, launchError, waitForSockets } from "./launch";
import { QemuVm } from "./vm";

/** How long QEMU may take to open its sockets: milliseconds usually, longer on a busy host. */
const SOCKET_TIMEOUT_MS = 20_000;
/** The same for a VM that an earlier daemon was starting when it ended. */
const ADOPT_TIMEOUT_MS = 5_000;
/** How long a process may take to end after SIGKILL. */
const KILL_TIMEOUT_MS = 5_000;

/** True for kernels that run the stand-in guest's init, which reports on the control port. */
const hasControlProtocol = (kind: KernelKind): boolean => kind === "pvh" || kind === "bzimage";

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
    const parameters = kind === "multiboot" ? await findUnikraftParameters(spec.kernel) : undefined;
    const commandLine = buildCommandLine(spec, { emulated: capabilities.accelerator === "tcg", parameters });
    const extraFiles = await buildGuestFiles(spec, kind, commandLine.file);
    const rootDisk = await findRootDisk(spec.initrd, kind);
    const initrdFiles = rootDisk === undefined ? extraFiles : composeBootInitrd(rootDisk, extraFiles);
    const unpacked = rootDisk === undefined ? spec.initrd : undefined;
    assertEnoughMemory(spec.memoryMb, kind, {
      bytes: (await sizeOfFile(unpacked)) + treeSizeBytes(initrdFiles),
      isErofs: unpacked !== undefined && (await isErofs(unpacked)),
    });
    const files = vmFilesOf(this.#paths, spec.uuid);
    const initrd = initrdFiles.size === 0 ? spec.initrd : files.initrd;
    try {
      await prepareVolumes(spec.disks, kind);
      await fsp.mkdir(files.folder, { recursive: true, mode: 0o700 });
      await ensureRunFolder(files.runFolder);
      await removeRunFiles(files);
      // If this VM ended before QEMU opens its logs, those of the previous one would be taken for its own.
      for (const log of [files.controlLog, files.consoleLog, files.qemuLog, files.eventLog])
        await fsp.rm(log, { force: true });
      if (initrdFiles.size > 0) await writeInitrd(unpacked, initrdFiles, files.initrd);
    } catch (error) {
      throw fromSystemError(error, "preparing a VM");
    }
    const child = spawnQemu(
      capabilities.file,
      qemuArguments({ spec, capabilities, kind, files, initrd, rootDisk: rootDisk?.file, append: commandLine.append }),
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
        program: spec.args[0],
        exited: child.exited,
      });
    } catch (error) {
      await killAndWait(identity, KILL_TIMEOUT_MS);
      const exit = await child.exited;
      if (exit.signal === "SIGKILL") throw fromSystemError(error, "starting a VM");
      throw launchError(files, error);
    }
  }

  async adopt(spec: VmSpec): Promise<Vm | undefined> {
    const found = await findRunningVm(this.#paths, spec.uuid);
    if (found === undefined) return undefined;
    const { identity, files } = found;
    try {
      await assertPrivateRunFolder(files.runFolder);
      await continueProcess(identity); // whoever adopts a paused VM pauses it again
      await waitForSockets(files, ADOPT_TIMEOUT_MS);
      const kind = await detectKernelKind(spec.kernel);
      const vm = await QemuVm.connect({
        identity,
        files,
        hasControlProtocol: hasControlProtocol(kind),
        program: spec.args[0],
      });
      await saveIdentity(files, identity);
      return vm;
    } catch {
      // A VM that cannot be controlled must not keep running next to its replacement.
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
    const { controlLog, qemuLog, eventLog } = vmFilesOf(this.#paths, uuid);
    truncateLog(controlLog, { headBytes: CONTROL_HEAD_BYTES, tailBytes: TAIL_BYTES });
    for (const log of [qemuLog, eventLog]) truncateLog(log, { headBytes: 0, tailBytes: TAIL_BYTES });
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
