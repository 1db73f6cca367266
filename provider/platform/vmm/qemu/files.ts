/** The files of one VM. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
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
  /** QEMU's own record of state changes and of its end; see `exit/eventLog.ts`. */
  readonly eventLog: string;
  /** Initrd with additional files appended; exists only if there are any. */
  readonly initrd: string;
  readonly runFolder: string;
  readonly qmpSocket: string;
  /** A second QMP socket, for debugging: each serves one client at a time. */
  readonly monitorSocket: string;
  readonly controlSocket: string;
  /** Frames of the guest's first network card; see {@link cardSocketOf}. */
  readonly cardSocket: string;
  /** Frames of the VM's user network. */
  readonly uplinkSocket: string;
  /** The guest's serial console while a user is attached to it. */
  readonly consoleSocket: string;
  /** QEMU's GDB stub once a user has asked for it. */
  readonly gdbSocket: string;
  /** The state of the devices goes through it while the VM is saved or restored. */
  readonly migrationSocket: string;
  /** Process id, start time and run folder; see `identity.ts`. */
  readonly identity: string;
  /** Exists while a clone is not yet a guest of its own: its process must not go on without the daemon that started it. */
  readonly unfinishedClone: string;
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
    eventLog: path.join(folder, "events.log"),
    initrd: path.join(folder, "initrd.cpio"),
    runFolder: paths.runDir,
    qmpSocket: `${short}.qmp`,
    monitorSocket: `${short}.mon`,
    controlSocket: `${short}.ctl`,
    cardSocket: `${short}.nic`,
    uplinkSocket: `${short}.net`,
    consoleSocket: `${short}.con`,
    gdbSocket: `${short}.gdb`,
    migrationSocket: `${short}.mig`,
    identity: path.join(folder, "vm.json"),
    unfinishedClone: path.join(folder, "clone.unfinished"),
  };
}

/** Most network cards of a VM. Source: the cloud's limit of interfaces. */
export const MAX_CARDS = 4;

/** Path of the socket for the frames of the guest's network card at this index. */
export const cardSocketOf = ({ cardSocket }: Pick<VmFiles, "cardSocket">, index: number): string =>
  index === 0 ? cardSocket : `${cardSocket}${index}`;

/** How many commands a guest runs at once: each needs a pair of ports, and each port a socket of QEMU. */
export const COMMAND_PAIRS = 4;

/** Paths of the sockets of the pair of ports at this index, which carries one command at a time. */
export const commandSocketsOf = (
  { controlSocket }: Pick<VmFiles, "controlSocket">,
  index: number,
): { readonly data: string; readonly errors: string } => ({
  data: `${controlSocket}${index}d`,
  errors: `${controlSocket}${index}e`,
});

/** Deletes the sockets and the identity of a VM that is gone; its logs stay. */
export async function removeRunFiles(files: VmFiles): Promise<void> {
  const { qmpSocket, monitorSocket, controlSocket, uplinkSocket, consoleSocket, gdbSocket } = files;
  const cards = Array.from({ length: MAX_CARDS }, (_, index) => cardSocketOf(files, index));
  const pairs = Array.from({ length: COMMAND_PAIRS }, (_, index) => Object.values(commandSocketsOf(files, index)));
  const sockets = [qmpSocket, monitorSocket, controlSocket, ...cards, uplinkSocket, consoleSocket, gdbSocket];
  for (const file of [...sockets, ...pairs.flat(), files.migrationSocket, files.identity, files.unfinishedClone]) {
    await fs.rm(file, { force: true });
  }
}
