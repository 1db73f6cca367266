/** Starts a clone: a VM that begins with the memory of a snapshot. */
import * as fs from "node:fs/promises";
import { errorMessage } from "../../../../base/errors";
import { MemoryLostError, type VmSpec } from "../../vmm";
import type { VmFiles } from "../files";
import type { QemuCapabilities } from "../host/probe";
import type { QemuVm, QemuVmParts } from "../vm";
import { memoryFilesOf, prepareFolders } from "./files";
import { type Machine, saveMachine } from "./machine";
import { launchWithState } from "./restore";
import { findCloneObstacle, readSnapshotFacts, shapeOf, type SnapshotFiles } from "./snapshot";

/** What a clone is made of. */
export interface CloneParts {
  readonly spec: VmSpec;
  /** Path of QEMU. */
  readonly qemu: string;
  readonly files: VmFiles;
  readonly snapshot: SnapshotFiles;
  /** As for a VM that boots, with the snapshot's memory. */
  readonly args: readonly string[];
  /** How it is restored once it was saved, with memory of its own; `undefined`: it is not saved. */
  readonly machine: Machine | undefined;
  readonly guest: Pick<QemuVmParts, "hasControlProtocol" | "network" | "program" | "shape" | "disks" | "unsavable">;
}

/** Throws {@link MemoryLostError} with the reason if the VM of `spec` cannot be a clone. */
export async function assertClonable(
  snapshot: SnapshotFiles,
  spec: VmSpec,
  capabilities: QemuCapabilities,
): Promise<void> {
  const facts = await readSnapshotFacts(snapshot, spec);
  const obstacle = findCloneObstacle(facts, { shape: shapeOf(spec), capabilities });
  if (obstacle !== undefined) throw new MemoryLostError(obstacle);
}

/**
 * Resolves when the clone runs, with its own addresses, host name, random numbers and the right time. Nobody has been connected to it.
 *
 * Throws {@link MemoryLostError} with the reason if there can be no clone, and file system errors; no process is left then.
 */
export async function startClone(parts: CloneParts): Promise<QemuVm> {
  const { spec, qemu, files, snapshot, args, machine, guest } = parts;
  await prepareFolders(files);
  await fs.copyFile(snapshot.controlLog, files.controlLog); // the clone's guest will not repeat what its original has reported
  await fs.writeFile(files.unfinishedClone, "", { mode: 0o600 });
  if (machine !== undefined) await saveMachine(memoryFilesOf(files.folder), machine);
  try {
    const devices = { file: snapshot.devices, withMemory: false };
    const clone = await launchWithState(qemu, args, { files, ...guest }, devices);
    try {
      await clone.becomeItself(spec);
    } catch (error) {
      await clone.stop({ graceMs: 0 });
      throw error;
    }
    await fs.rm(files.unfinishedClone);
    return clone;
  } catch (error) {
    throw new MemoryLostError(errorMessage(error), { cause: error });
  }
}
