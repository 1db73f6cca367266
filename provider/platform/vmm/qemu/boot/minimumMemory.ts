/** How little memory a guest boots with. */
import type { KernelKind } from "./kernelKind";

const MIB = 1024 * 1024;

/**
 * Smallest memory of a VM with the stand-in runtime `linux:latest`, in MiB. Source: booting it in steps of 2 MiB with
 * its own initrd alone; 74 MiB panics while unpacking, 76 MiB serves. Rounded up for the program.
 */
export const LINUX_MIN_MEMORY_MB = 80;

/** The kernel with its own data, without what the initrd takes. Source: as above, also with 64 and 256 MiB of initrd. */
const LINUX_KERNEL_MB = 72;
/** While it is unpacked an initrd exists twice, and the kernel keeps a book of its pages. */
const INITRD_FACTOR = 2.1;

/**
 * The least memory in MiB with which a kernel of this kind can unpack an initrd of this size; what the program needs
 * comes on top. A lower bound: a compressed initrd takes more.
 */
export function minimumMemoryMb(kind: KernelKind, initrdSizeBytes: number): number {
  if (kind === "multiboot") return Math.max(1, Math.ceil(initrdSizeBytes / MIB));
  return Math.max(LINUX_MIN_MEMORY_MB, LINUX_KERNEL_MB + Math.ceil((initrdSizeBytes / MIB) * INITRD_FACTOR));
}
