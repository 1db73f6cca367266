/** The least memory that a guest boots with. */
import { UnikernelError } from "../../../../base/errors";
import type { KernelKind } from "./kernelKind";

const MIB = 1024 * 1024;

/**
 * Smallest memory of a VM with the stand-in runtime `linux:latest`, in MiB. Source: measured by booting it with only its
 * own initrd in steps of 2 MiB; 74 MiB panics while unpacking, 76 MiB works. Rounded up to leave room for the program.
 */
export const LINUX_MIN_MEMORY_MB = 80;

/** Memory of the kernel itself. Source: measured as above, with 64 and 256 MiB of initrd as well. */
const LINUX_KERNEL_MB = 72;
/** Memory per byte of initrd: it exists twice while it is unpacked, and the kernel keeps data about each page. */
const LINUX_INITRD_FACTOR = 2.1;

/**
 * Memory of a Unikraft kernel, and per byte of a CPIO archive. Source: measured with Unikraft 0.16.3 in steps of 2 and 4 MiB: with 0.9 MB,
 * 6 MiB fails and 8 MiB serves; with 23.1 MB, 84 MiB fails and 88 MiB serves.
 */
const UNIKRAFT_KERNEL_MB = 4;
const UNIKRAFT_CPIO_FACTOR = 3.8;

/** The initrd of a guest. */
export interface InitrdSize {
  /** 0 for none. */
  readonly bytes: number;
  /** The kernel unpacks an archive; it reads an EROFS image where it is. */
  readonly isErofs: boolean;
}

/**
 * The least memory in MiB with which a kernel of this kind can use this initrd. A lower bound: the program needs more, and so does a
 * compressed initrd.
 */
export function minimumMemoryMb(kind: KernelKind, { bytes, isErofs }: InitrdSize): number {
  const initrdMb = bytes / MIB;
  if (kind === "multiboot") return Math.ceil(UNIKRAFT_KERNEL_MB + initrdMb * (isErofs ? 1 : UNIKRAFT_CPIO_FACTOR));
  return Math.max(LINUX_MIN_MEMORY_MB, LINUX_KERNEL_MB + Math.ceil(initrdMb * LINUX_INITRD_FACTOR));
}

/** Asserts that the guest gets the least memory with which it can boot. Throws `INPUT_INVALID` with both figures. */
export function assertEnoughMemory(memoryMb: number, kind: KernelKind, initrd: InitrdSize): void {
  const minimumMb = minimumMemoryMb(kind, initrd);
  if (memoryMb >= minimumMb) return;
  const rootfs = initrd.bytes === 0 ? "" : ` with its root file system of ${Math.ceil(initrd.bytes / MIB)} MiB`;
  const message = `The guest needs ${minimumMb} MiB of memory${rootfs}, but gets ${memoryMb}.`;
  throw new UnikernelError("INPUT_INVALID", message, {
    property: "memoryMb",
    hint: `Set memoryMb to ${minimumMb} or more.`,
  });
}
