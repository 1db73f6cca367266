/** The least memory that a guest boots with. */
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
const INITRD_FACTOR = 2.1;

/**
 * The least memory in MiB with which a kernel of this kind can unpack an initrd of this size. A lower bound: the program
 * needs more, and so does a compressed initrd.
 */
export function minimumMemoryMb(kind: KernelKind, initrdSizeBytes: number): number {
  if (kind === "multiboot") return Math.max(1, Math.ceil(initrdSizeBytes / MIB));
  return Math.max(LINUX_MIN_MEMORY_MB, LINUX_KERNEL_MB + Math.ceil((initrdSizeBytes / MIB) * INITRD_FACTOR));
}
