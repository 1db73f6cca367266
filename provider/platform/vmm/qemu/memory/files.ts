/**
 * The files that hold the memory of a VM that can be saved, and who may believe them.
 *
 * - `memory.ram`: the guest's memory. QEMU maps it, so it is always there while the VM runs. A clone, which maps its original's memory, has
 *   it once it was restored; until then its memory goes to `memory.state`.
 * - `memory.json`: how the VM was started; see `machine.ts`.
 * - `memory.state`: its devices, and its memory if that is in no `memory.ram`; written when it is saved.
 * - `memory.saved`: written last, removed first. While it exists, the files are the VM: a process of it that still runs has
 *   not executed the guest since, and is to be killed. Without it the process is the VM, and the files are worth nothing.
 */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as path from "node:path";
import { exec, findTool } from "../../../../base/exec";
import { UnikernelError } from "../../../../base/errors";
import { ensureRunFolder } from "../../../../base/runFolder";
import { removeRunFiles, type VmFiles } from "../files";

/** Absolute paths, all in the instance's folder. */
export interface MemoryFiles {
  readonly folder: string;
  readonly ram: string;
  readonly machine: string;
  readonly state: string;
  readonly saved: string;
}

/** The memory files of a VM whose files are in this folder. */
export const memoryFilesOf = (folder: string): MemoryFiles => ({
  folder,
  ram: path.join(folder, "memory.ram"),
  machine: path.join(folder, "memory.json"),
  state: path.join(folder, "memory.state"),
  saved: path.join(folder, "memory.saved"),
});

const BYTES_PER_MIB = 1024 * 1024;

/**
 * Creates the file of the guest's memory (0600), with its space reserved where the system can do that: a guest whose
 * memory finds no space on the disk would be killed. Throws `NO_SPACE`, and file system errors.
 */
export async function createRamFile({ ram }: MemoryFiles, memoryMb: number): Promise<void> {
  const handle = await fsp.open(ram, "wx", 0o600);
  try {
    await handle.truncate(memoryMb * BYTES_PER_MIB);
  } finally {
    await handle.close();
  }
  const fallocate = findTool("fallocate");
  if (fallocate === undefined) return;
  const { code } = await exec(fallocate, ["--length", String(memoryMb * BYTES_PER_MIB), ram]);
  if (code === 0) return;
  const { bavail, bsize } = await fsp.statfs(ram);
  if (bavail * bsize > memoryMb * BYTES_PER_MIB) return; // this file system cannot reserve
  throw new UnikernelError("NO_SPACE", `No space left on the disk for ${memoryMb} MiB of a guest's memory.`, {
    hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
  });
}

/**
 * Prepares the folders of a VM that starts: no memory, socket or log of an earlier one is left. The logs exist (0600): QEMU would create them
 * as the umask says, and a guest may print secrets. If this VM ended before QEMU opens them, old ones would be taken for its own.
 *
 * Throws file system errors.
 */
export async function prepareFolders(files: VmFiles): Promise<void> {
  await fsp.mkdir(files.folder, { recursive: true, mode: 0o700 });
  await ensureRunFolder(files.runFolder);
  await removeRunFiles(files);
  await removeMemory(memoryFilesOf(files.folder));
  for (const log of [files.controlLog, files.consoleLog, files.qemuLog, files.eventLog]) {
    await fsp.rm(log, { force: true });
    await fsp.writeFile(log, "", { mode: 0o600 });
  }
}

/** Removes all memory files, in the order in which nobody can believe what is left of them. Throws file system errors. */
export async function removeMemory(files: MemoryFiles): Promise<void> {
  await forgetSaved(files);
  for (const file of [files.state, files.machine, files.ram]) await fsp.rm(file, { force: true });
}

/**
 * Removes the mark that the files are the VM, and what is saved of its devices. Durable: after a power cut, too, nobody
 * restores a VM that has gone on since. Throws file system errors.
 */
export async function forgetSaved(files: MemoryFiles): Promise<void> {
  if (!fs.existsSync(files.saved)) return await fsp.rm(files.state, { force: true });
  await fsp.rm(files.saved, { force: true });
  await fsp.rm(files.state, { force: true });
  await syncFile(files.folder);
}

/** Writes a file or folder through to the disk. Throws file system errors. */
export async function syncFile(file: string): Promise<void> {
  const handle = await fsp.open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
