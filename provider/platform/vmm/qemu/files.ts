/** The files of one VM, and the private folder of the sockets. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../../base/errors";
import type { LocalPaths } from "../../../base/localPaths";

/**
 * Absolute paths. Sockets are in the run folder and have short names, because the path of a UNIX socket is limited to 107
 * bytes (unix(7)). Everything else is in the instance's folder.
 */
export interface VmFiles {
  /** Folder of the instance. */
  readonly folder: string;
  readonly consoleLog: string;
  /** What the guest wrote to its control port. */
  readonly controlLog: string;
  /** What QEMU printed. */
  readonly qemuLog: string;
  /** Initrd with additional files appended; exists only if there are any. */
  readonly initrd: string;
  readonly runFolder: string;
  readonly qmpSocket: string;
  /** A second QMP socket, for debugging: each serves one client at a time. */
  readonly monitorSocket: string;
  readonly controlSocket: string;
  /** The guest's serial console while a user is attached to it. */
  readonly consoleSocket: string;
  /** QEMU's GDB stub once a user has asked for it. */
  readonly gdbSocket: string;
  /** Process id, start time and run folder; see `identity.ts`. */
  readonly identity: string;
}

/** The files of an instance's VM. */
export function vmFilesOf(paths: Pick<LocalPaths, "runDir" | "instancesDir">, uuid: string): VmFiles {
  const folder = path.join(paths.instancesDir, uuid);
  const short = path.join(paths.runDir, uuid.replaceAll("-", "").slice(0, 8));
  return {
    folder,
    consoleLog: path.join(folder, "console.log"),
    controlLog: path.join(folder, "control.log"),
    qemuLog: path.join(folder, "qemu.log"),
    initrd: path.join(folder, "initrd.cpio"),
    runFolder: paths.runDir,
    qmpSocket: `${short}.qmp`,
    monitorSocket: `${short}.mon`,
    controlSocket: `${short}.ctl`,
    consoleSocket: `${short}.con`,
    gdbSocket: `${short}.gdb`,
    identity: path.join(folder, "vm.json"),
  };
}

/** Deletes the sockets and the identity of a VM that is gone; its logs stay. */
export async function removeRunFiles(files: VmFiles): Promise<void> {
  const { qmpSocket, monitorSocket, controlSocket, consoleSocket, gdbSocket, identity } = files;
  for (const file of [qmpSocket, monitorSocket, controlSocket, consoleSocket, gdbSocket, identity]) {
    await fs.rm(file, { force: true });
  }
}

/** Creates the run folder (0700) if it does not exist. Throws as {@link assertPrivateRunFolder} does. */
export async function ensureRunFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  await assertPrivateRunFolder(folder);
}

/**
 * Throws `VMM_FAILED` unless this folder belongs to the current user and is closed to all others. Whoever can write to it
 * controls the VMs, and in a temporary folder anybody can create one of this name first.
 */
export async function assertPrivateRunFolder(folder: string): Promise<void> {
  const stats = await fs.lstat(folder);
  if (stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0) return;
  throw new UnikernelError("VMM_FAILED", `The socket folder '${folder}' is open to other users.`, {
    hint: "Remove it, or set XDG_RUNTIME_DIR to a folder that only this user can write to.",
  });
}
