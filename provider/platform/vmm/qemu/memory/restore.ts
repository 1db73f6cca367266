/** Restores a saved VM in a new QEMU process. */
import * as fs from "node:fs/promises";
import type { LocalPaths } from "../../../../base/localPaths";
import { UnikernelError } from "../../../../base/errors";
import { ensureRunFolder } from "../../../../base/runFolder";
import type { VmSpec } from "../../vmm";
import { RESTORE_ARGUMENTS } from "../boot/arguments";
import { removeRunFiles, vmFilesOf } from "../files";
import { probeQemu } from "../host/probe";
import { launchError, launchVm } from "../launch";
import { QemuTimeoutError } from "../qmpClient";
import type { QemuVm, QemuVmParts } from "../vm";
import type { VmStateFile } from "./vmState";
import { createRamFile, memoryFilesOf } from "./files";
import { argumentsIn, loadMachine, specDigest } from "./machine";
import { findDamage, readSavedFacts } from "./savedMark";

/**
 * Starts the process, with the saved devices loaded, paused. Its sockets are in the run folder of this daemon; the ports that it listens on are
 * new.
 *
 * Throws `VMM_FAILED` with the reason if what is saved cannot be restored, and `NO_SPACE`; no process is left then.
 */
export async function restoreVm(
  paths: Pick<LocalPaths, "runDir" | "instancesDir" | "cacheDir">,
  spec: VmSpec,
  guest: Pick<QemuVmParts, "hasControlProtocol" | "network" | "program" | "shape" | "disks">,
): Promise<QemuVm> {
  const memory = memoryFilesOf(vmFilesOf(paths, spec.uuid).folder);
  const [capabilities, machine] = await Promise.all([probeQemu(paths.cacheDir), loadMachine(memory)]);
  const facts = await readSavedFacts(memory, machine, spec.disks);
  const damage = findDamage(facts, { qemuVersion: capabilities.version, spec: specDigest(spec) });
  if (machine === undefined || damage !== undefined)
    throw new UnikernelError("VMM_FAILED", damage ?? "the files that describe its saved memory are damaged");
  const files = vmFilesOf(paths, spec.uuid);
  await ensureRunFolder(files.runFolder);
  await removeRunFiles(files);
  const withMemory = facts.mark?.ram === undefined;
  if (withMemory) {
    await fs.rm(memory.ram, { force: true }); // of a restore that did not end
    await createRamFile(memory, spec.memoryMb);
  }
  const args = argumentsIn(machine, files.runFolder);
  const state = { file: memory.state, withMemory };
  return launchWithState(capabilities.file, args, { files, ...guest, unsavable: undefined }, state);
}

/**
 * Starts a QEMU process and loads the state. The VM is paused then.
 *
 * Throws `VMM_FAILED` with QEMU's message; no process is left then.
 *
 * @param file path of QEMU
 * @param args as of a VM that boots
 */
export async function launchWithState(
  file: string,
  args: readonly string[],
  parts: Parameters<typeof launchVm>[2],
  state: Pick<VmStateFile, "file" | "withMemory">,
): Promise<QemuVm> {
  const vm = await launchVm(file, [...args, ...RESTORE_ARGUMENTS], parts);
  try {
    await vm.loadState(state.file, state.withMemory);
    return vm;
  } catch (error) {
    await vm.stop({ graceMs: 0 });
    throw error instanceof QemuTimeoutError ? error : launchError(parts.files, error);
  }
}
