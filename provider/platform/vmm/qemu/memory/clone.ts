/** Starts a clone: a VM that begins with the memory of a snapshot. */
import * as fs from "node:fs/promises";
import { errorMessage } from "../../../../base/errors";
import { MemoryLostError, type VmSpec } from "../../vmm";
import type { VmFiles } from "../files";
import type { QemuCapabilities } from "../host/probe";
import type { QemuVm, QemuVmParts } from "../vm";
import { prepareFolders } from "./files";
import { launchWithDevices } from "./restore";
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
  readonly guest: Pick<QemuVmParts, "hasControlProtocol" | "network" | "program" | "shape" | "disks">;
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
export async function startClone({ spec, qemu, files, snapshot, args, guest }: CloneParts): Promise<QemuVm> {
  await prepareFolders(files);
  await fs.copyFile(snapshot.controlLog, files.controlLog); // the clone's guest will not repeat what its original has reported
  await fs.writeFile(files.unfinishedClone, "", { mode: 0o600 });
  const unsavable = "its memory is a copy of its original's";
  try {
    const clone = await launchWithDevices(qemu, args, { files, ...guest, unsavable }, snapshot.devices);
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
