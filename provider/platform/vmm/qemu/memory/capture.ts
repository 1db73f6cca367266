/** Writes the snapshot of a guest. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import type { Digest } from "../../../../base/digest";
import { fromSystemError, UnikernelError } from "../../../../base/errors";
import { exec, findTool } from "../../../../base/exec";
import { writeFileAtomic } from "../../../../base/files";
import type { VmDisk } from "../../vmm";
import type { VmFiles } from "../files";
import type { QmpClient } from "../qmpClient";
import { memoryFilesOf, syncFile } from "./files";
import { readDisks, statUnchanged } from "./savedMark";
import { type GuestShape, type Snapshot, type SnapshotFiles, snapshotFilesOf } from "./snapshot";

/** A guest whose snapshot is written. */
export interface CaptureSource {
  readonly qmp: Pick<QmpClient, "execute">;
  readonly pid: number;
  readonly files: VmFiles;
  readonly shape: GuestShape;
  /** None that it writes to. */
  readonly disks: readonly VmDisk[];
  /** Stops the guest and writes the state of its devices to a file. */
  readonly saveDevices: (file: string) => Promise<Digest>;
}

/** What the memory of a guest in a memory file of the system is called in `/proc`. Source: QEMU, backends/hostmem-memfd.c. */
const MEMFD = "/memfd:memory-backend-memfd";

const versionInfo = z.object({ qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }) });
const kvmInfo = z.object({ enabled: z.boolean() });

/**
 * Writes the snapshot of a guest, which stays paused, to a new folder (0700). Durable once it resolves. Throws `VMM_FAILED` and file
 * system errors; there is no folder then.
 */
export async function captureGuest(source: CaptureSource, folder: string): Promise<void> {
  const files = snapshotFilesOf(folder);
  try {
    await fs.rm(folder, { recursive: true, force: true }); // of a capture that did not end
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const devices = await source.saveDevices(files.devices);
    await copyRam(await findRam(source), files.ram);
    await fs.copyFile(source.files.controlLog, files.controlLog);
    await syncFile(files.ram);
    const snapshot: Snapshot = {
      ...(await readMachine(source)),
      ...{ shape: source.shape, devices, ram: await statUnchanged(files.ram), disks: await readDisks(source.disks) },
    };
    await writeDescription(files, snapshot);
  } catch (error) {
    await fs.rm(folder, { recursive: true, force: true }).catch(() => undefined); // without a description it is no snapshot
    throw fromSystemError(error, "saving the memory of a guest");
  }
}

async function writeDescription(files: SnapshotFiles, snapshot: Snapshot): Promise<void> {
  await writeFileAtomic(files.description, JSON.stringify(snapshot), 0o600);
  await syncFile(files.description);
  await syncFile(files.folder);
}

async function readMachine({ qmp }: CaptureSource): Promise<Pick<Snapshot, "qemuVersion" | "accelerator">> {
  const { qemu } = versionInfo.parse(await qmp.execute("query-version"));
  const { enabled } = kvmInfo.parse(await qmp.execute("query-kvm"));
  return { qemuVersion: `${qemu.major}.${qemu.minor}.${qemu.micro}`, accelerator: enabled ? "kvm" : "tcg" };
}

/** A file that is the guest's memory and shows what it writes. */
async function findRam({ pid, files }: CaptureSource): Promise<string> {
  const own = memoryFilesOf(files.folder).ram;
  const folder = `/proc/${pid}/fd`;
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    const target = await fs.readlink(file).catch(() => "");
    if (target === own || target.startsWith(MEMFD)) return file;
  }
  throw new UnikernelError(
    "VMM_FAILED",
    "Its memory is a copy of another guest's, or it was started by an earlier release.",
  );
}

/** Leaves out what is empty. Shares the rest with the original where the file system can (reflink). */
async function copyRam(source: string, target: string): Promise<void> {
  const cp = findTool("cp");
  if (cp === undefined) throw new UnikernelError("VMM_FAILED", "The tool 'cp', which copies it, is not installed.");
  const { code, stderr } = await exec(cp, ["--sparse=always", "--reflink=auto", source, target]);
  if (code !== 0) throw new UnikernelError("VMM_FAILED", `Its memory could not be copied: ${stderr.trim()}`);
  await fs.chmod(target, 0o600); // QEMU opens it for writing, also where it never does
}
