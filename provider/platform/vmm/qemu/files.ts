/** The files of one VM. Sockets have short names in a short folder: the path of a UNIX socket holds 107 bytes. */
import * as path from "node:path";
import type { LocalPaths } from "../../../base/localPaths";

/** Absolute paths; those in the run folder vanish with the VM, those in the instance's folder tell how it went. */
export interface VmFiles {
  /** Folder of the instance. */
  readonly folder: string;
  readonly consoleLog: string;
  readonly controlLog: string;
  readonly qemuLog: string;
  /** The initrd with the command line appended. */
  readonly initrd: string;
  readonly runFolder: string;
  readonly qmpSocket: string;
  /** A second QMP socket, free for onlookers: one serves one client at a time. */
  readonly monitorSocket: string;
  readonly controlSocket: string;
  /** Process id, start time and run folder. */
  readonly identity: string;
}

/** The files of the VM of an instance. */
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
    identity: path.join(folder, "vm.json"),
  };
}
