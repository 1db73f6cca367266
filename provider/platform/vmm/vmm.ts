/**
 * The interface between the local platform and a virtual machine monitor. `qemu/` implements it with QEMU; the tests have
 * an in-memory implementation.
 *
 * A VM outlives the daemon that started it: `disconnect` leaves it running, and the next daemon adopts it.
 */

import type * as net from "node:net";
import type { VmNetwork } from "../network/addresses";
import type { VmLink } from "../network/frameStream";

/** Everything that is needed to boot a VM, and to recognise it after the daemon has restarted. */
export interface VmSpec {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Host name that the guest sets. */
  readonly hostname: string;
  /** Absolute path of a kernel: PVH vmlinux, bzImage or Unikraft multiboot. */
  readonly kernel: string;
  /** Absolute path of an initrd. */
  readonly initrd: string | undefined;
  /** Complete argument list of the guest's program, its path first. */
  readonly args: readonly string[];
  /** Environment of the guest's program. May contain secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly network: VmNetwork;
  /** In the order in which the guest gets them. */
  readonly disks: readonly VmDisk[];
  readonly roms: readonly VmRom[];
  /** Key-value pairs for the guest's program, in a file. A Unikraft guest does not get them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** True: its memory is to be in a file, so that {@link Vm.save} can free it. */
  readonly isSavable: boolean;
}

/**
 * Files that the guest finds below the absolute path `at`, in addition to those of its initrd: `files` by their path
 * relative to `at`, or the content of the CPIO archive or EROFS image in the host file `archive`.
 */
export type VmRom =
  | { readonly at: string; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly at: string; readonly archive: string };

/** A disk with an ext4 file system that the guest mounts. A Unikraft guest mounts {@link shareFolderOf} it. */
export interface VmDisk {
  /** Absolute path of the disk on the host. */
  readonly file: string;
  /** Absolute path in the guest; created if missing. */
  readonly at: string;
  readonly readonly: boolean;
}

/**
 * Path of the folder on the host that a disk `<uuid>.ext4` has for guests that mount no ext4: `<uuid>.folder` next to it. It exists once
 * such a guest has mounted the volume.
 */
export const shareFolderOf = (diskFile: string): string => `${diskFile.replace(/\.ext4$/, "")}.folder`;

/** Why a VM no longer runs. */
export type VmExit =
  /** The guest's program exited, by itself or because `stop` asked it to. `undefined`: the guest reported no exit code. */
  | { readonly kind: "exited"; readonly exitCode: number | undefined }
  /**
   * The kernel crashed, shut down without reporting how the program ended, or could not execute it. `detail` may quote the console.
   * `notice` says what happened and what to do, and quotes nothing; `undefined` if no more is known than that.
   */
  | { readonly kind: "panicked"; readonly detail: string; readonly notice?: string }
  /** Ended from outside: by `stop`, by a signal, or with the host. */
  | { readonly kind: "killed"; readonly detail: string };

/** Limits of one connect. */
export interface ConnectOptions {
  /** How long connecting may take, in milliseconds, once it is this connection's turn. */
  readonly timeoutMs: number;
  /** Gives up, also while the connection waits for its turn. */
  readonly signal: AbortSignal;
}

/** Where a command's output comes from. */
export type OutputName = "stdout" | "stderr";

/** A command to run in a guest. */
export interface GuestCommand {
  /** The program, which the guest looks for in its `PATH`, and its arguments. May contain secrets. */
  readonly args: readonly string[];
  /** What the command reads from its standard input. May contain secrets. */
  readonly stdin: Uint8Array;
  /** Takes the next bytes of the output. The command waits while the promise is pending. */
  readonly write: (output: OutputName, bytes: Uint8Array) => Promise<void> | void;
  /** Ends the command, with all programs in its session. */
  readonly signal: AbortSignal;
}

/** Host resources that a VM uses. */
export interface VmUsage {
  /** Resident memory. */
  readonly rssBytes: number;
  /** CPU time of all threads since the VM started. */
  readonly cpuTimeMs: number;
}

/**
 * The wall clock of a guest that was resumed. `behind`: the guest, which has to set it, did not report that in time, or cannot set
 * it and was saved: then it may lag by the time that the guest was paused.
 */
export type GuestClockState = "right" | "behind";

/**
 * What became of a notice before standby. `not-taken`: no program listens for it; `no-answer`: the guest did not say in time; `no-agent`: the
 * guest has nothing that could give it, such as an image of an earlier release.
 */
export type NoticeResult = "taken" | "not-taken" | "no-answer" | "no-agent";

/** What a guest's program asks of its platform, through the files of `/uk/libukp`. A guest without an agent asks for nothing. */
export interface ControlFileState {
  /** The guest must not go to standby. */
  readonly staysAwake: boolean;
  /** The guest is to become a template; the program stands still until {@link Vm.declineTemplate}. */
  readonly template: boolean;
}

/** Of a guest that asks for nothing. */
export const UNWRITTEN_CONTROL_FILES: ControlFileState = { staysAwake: false, template: false };

/** A saved VM could not be restored, or no clone be made of a snapshot, so that what was in its memory is lost. The VM has ended. */
export class MemoryLostError extends Error {
  override readonly name = "MemoryLostError";
}

/** A VM, running, paused or saved. Has one owner, the instance. */
export interface Vm {
  /** Process id of the VMM; `undefined` while the VM is saved. */
  readonly pid: number | undefined;
  /**
   * What a switch is connected to; `undefined`: the VM has no connection to the private network. That of a saved VM is closed; once it is
   * resumed, it has another one.
   */
  readonly link: VmLink | undefined;
  /** True while it is saved: it has no process and takes no memory, and {@link resume} restores it. */
  readonly isSaved: boolean;
  /** Why it cannot be saved, as the end of a sentence; `undefined` if it can. */
  readonly unsavable: string | undefined;
  /** Why no clones can be made of it, as the end of a sentence; `undefined` if they can. */
  readonly uncapturable: string | undefined;
  /**
   * Resolves when the guest's program runs. A guest that cannot report it (Unikraft) counts as started at once. Stays
   * pending if the VM ends earlier.
   */
  readonly started: Promise<void>;
  /** Resolves once, when the VM is gone for any reason. Stays pending after `disconnect`. */
  readonly exited: Promise<VmExit>;
  /**
   * A connection to `guestPort`, with half-close; `undefined` if the guest does not accept one in time. It ends only when the guest ends
   * it: if the VM is gone, it fails with `ECONNRESET`, whatever the system reports. Many may be opened at once: they
   * reach the guest in order, at the pace at which it accepts them. Throws the signal's reason when it aborts, and an error when the VM is
   * gone.
   */
  connect(guestPort: number, options: ConnectOptions): Promise<net.Socket | undefined>;
  /** One readiness probe: true when something listens on `guestPort` inside the guest now. Sends no bytes to it. */
  probePort(guestPort: number, signal: AbortSignal): Promise<boolean>;
  /** Asks the guest to shut down (sync and unmount included), and kills it after `graceMs`. Discards a saved one. May be called again. */
  stop(options: { readonly graceMs: number }): Promise<VmExit>;
  /** Stops executing the guest; its memory is kept. */
  pause(): Promise<void>;
  /**
   * Saves a paused VM to the disk and frees its memory; durable once it resolves. Returns false if the signal aborted in time: then, as
   * after an error, the VM is paused as before. Throws `VMM_FAILED` and file system errors.
   */
  save(signal: AbortSignal): Promise<boolean>;
  /**
   * Writes a snapshot, from which {@link Vmm.clone} starts others, to a folder that has nothing else. The guest is paused then. Durable once
   * it resolves. Throws `VMM_FAILED` and file system errors.
   */
  capture(folder: string): Promise<void>;
  /** Continues a paused guest, restoring a saved one, and waits up to 500 ms until its clock is right. Throws {@link MemoryLostError}. */
  resume(): Promise<GuestClockState>;
  /**
   * Runs a command in the guest, whose program must have started. Resolves with its exit code: 127 if the program is not found, 126 if it
   * cannot be executed, 128 and the number of the signal that killed it. Has ended only when nothing holds its output any more.
   *
   * Throws the signal's reason; `INPUT_INVALID` for arguments that no program can get; `NOT_SUPPORTED` if the guest runs no commands;
   * `IN_USE` if it runs as many as it can; `GUEST_STOPPED` if the guest ends first; `VMM_FAILED` if it does not respond.
   */
  run(command: GuestCommand): Promise<number>;
  /**
   * Warns the guest's program that standby follows: the agent sends the string `scaletozero` to port 138 of vsock, as the cloud does. Waits at
   * most `timeoutMs` for what becomes of it. Never rejects.
   */
  notify(timeoutMs: number): Promise<NoticeResult>;
  /** What its program asks for now. */
  readonly controlFiles: ControlFileState;
  /** Calls `listener` after each change of {@link controlFiles}, instead of an earlier listener. */
  onControlFilesChanged(listener: () => void): void;
  /** The guest does not become a template: its program, if it has asked for that, goes on. */
  declineTemplate(): void;
  /** What the VM uses now; zero once it is gone. */
  usage(): Promise<VmUsage>;
  /** Closes the connections to the VM and leaves it running. */
  disconnect(): void;
}

/** A virtual machine monitor. */
export interface Vmm {
  /**
   * Boots a VM. Resolves when guest code runs, which is before the guest's program is ready.
   *
   * Throws `QEMU_MISSING`, `CONFIG_INVALID`, `VMM_FAILED` (with the VMM's own message), `NOT_SUPPORTED` (ROMs for a
   * Unikraft guest), `INPUT_INVALID` (too little memory, invalid command line).
   */
  start(spec: VmSpec): Promise<Vm>;
  /**
   * Starts a VM that goes on where the guest of a snapshot was, with its own addresses, host name, random numbers and the right time.
   * Resolves when its program runs.
   *
   * @param snapshot folder that {@link Vm.capture} has written
   *
   * Throws {@link MemoryLostError} if the VM has to be booted instead; otherwise as {@link start}.
   */
  clone(spec: VmSpec, snapshot: string): Promise<Vm>;
  /** The VM of this spec if it still runs since an earlier daemon, or is saved; `undefined` when it is gone. */
  adopt(spec: VmSpec): Promise<Vm | undefined>;
  /** Why a guest with this kernel has no agent, as the end of a sentence; `undefined` if nothing is known against it. */
  findAgentObstacle(kernel: string): Promise<string | undefined>;
  /** How a VM ended that is gone, from what it left on disk; for instances whose VM ended while no daemon ran. */
  postMortem(uuid: string): Promise<VmExit>;
  /** Deletes every file of a VM that is gone: sockets, process id, logs. */
  removeFiles(uuid: string): Promise<void>;
  /** Path of a VM's console log, which may not exist yet. */
  consoleLogPath(uuid: string): string;
  /** Frees the unread middle of a VM's logs other than the console log. Throws file system errors. */
  truncateLogs(uuid: string): Promise<void>;
  /** For `/v1/healthz`: VMM, version, accelerator and what else helps a bug report. */
  describe(): Promise<Readonly<Record<string, string>>>;
}
