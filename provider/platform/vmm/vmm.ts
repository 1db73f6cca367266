/**
 * What the local platform needs of a virtual machine monitor. `qemu/` implements it with QEMU, the tests have one in memory.
 *
 * A VM outlives the daemon that started it: `release` lets go of it, `adopt` finds it again.
 */
/** Everything needed to boot one VM, and to recognise it again after the daemon was replaced. */
export interface VmSpec {
  /** UUID of the instance. */
  readonly uuid: string;
  readonly hostname: string;
  /** Absolute path of a kernel file: PVH vmlinux, bzImage or Unikraft multiboot. */
  readonly kernel: string;
  /** Absolute path of an initrd file. */
  readonly initrd: string | undefined;
  /** Complete argument list of the guest's program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly disks: readonly VmDisk[];
  readonly roms: readonly VmRom[];
  /** Facts for the guest's program; a guest without a place for them does without. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Files that the guest finds at `at`, an absolute path, beside those of its initrd: by their path below it, or those of an archive. */
export type VmRom =
  | { readonly at: string; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly at: string; readonly archive: string };

/** An ext4 image that the guest mounts at `at`. */
export interface VmDisk {
  readonly file: string;
  /** Absolute path inside the guest; created when absent. */
  readonly at: string;
  readonly readonly: boolean;
}

/** Why a VM is no longer running. */
export type VmExit =
  /** The guest's program ended by itself, or after `stop` asked it to. */
  | { readonly how: "exited"; readonly exitCode: number }
  /** The kernel crashed, or ended without saying how the program ended. */
  | { readonly how: "panicked"; readonly detail: string }
  /** Cut off by us, by a signal, or by the machine. */
  | { readonly how: "killed"; readonly detail: string };

/** A host address that reaches a port inside a VM. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a VM takes of this machine. */
export interface VmUsage {
  /** Resident memory. */
  readonly rssBytes: number;
  /** Processor time since this VM was started, of all its threads. */
  readonly cpuTimeMs: number;
}

/** One running VM; one owner. */
export interface Vm {
  readonly pid: number;
  /**
   * Resolves when the guest's program runs: `starting` ends here. A guest that cannot tell (Unikraft) counts as
   * started at once. Stays pending for a VM that ends before.
   */
  readonly started: Promise<void>;
  /** Resolves once, when the VM is gone for whatever reason. */
  readonly exited: Promise<VmExit>;
  /** Address that reaches `guestPort`; made on the first call, the same afterwards. */
  forward(guestPort: number): Promise<Endpoint>;
  /** One probe: does something listen on `guestPort` inside the guest right now? Sends no bytes to it. */
  probePort(guestPort: number, signal: AbortSignal): Promise<boolean>;
  /** Asks the guest to end (sync and unmount included), then cuts it off after `graceMs`. Safe to repeat. */
  stop(options: { readonly graceMs: number }): Promise<VmExit>;
  /** Freezes and thaws the guest; memory is kept. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** What it takes now; nothing once it is gone. */
  usage(): Promise<VmUsage>;
  /** Closes our connections to the VM and leaves it running. */
  disconnect(): void;
}

/** A virtual machine monitor. */
export interface Vmm {
  /**
   * Boots a VM. Resolves when the VMM runs guest code, not when the guest's program is ready.
   * Throws `QEMU_MISSING`, `VMM_FAILED` (with the VMM's own words), `INPUT_INVALID` (memory, command line).
   */
  start(spec: VmSpec): Promise<Vm>;
  /** The VM of this spec if it still runs from an earlier daemon; `undefined` when it is gone. */
  adopt(spec: VmSpec): Promise<Vm | undefined>;
  /** How a VM that is gone ended, from what it left on disk; for instances found dead at start. */
  postMortem(uuid: string): Promise<VmExit>;
  /** Removes every file of a VM that is gone: sockets, pid file, logs. */
  removeFiles(uuid: string): Promise<void>;
  /** Path of the console log of a VM (may not exist yet). */
  consoleLogPath(uuid: string): string;
  /** Frees the space of what a VM's logs beside that of its console hold and nobody reads. Throws what the file system does. */
  truncateLogs(uuid: string): void;
  /** For `/v1/healthz`: `accelerator`, `qemu` version and whatever else helps a bug report. */
  describe(): Promise<Readonly<Record<string, string>>>;
}
