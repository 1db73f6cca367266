/** The least memory that a guest boots with. Pure. */
import type { KernelKind } from "./kernelKind";
import type { GuestViolation } from "./violation";

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

/** How much memory a guest needs, and why. */
interface MemoryNeed {
  /** MiB. */
  readonly minimumMb: number;
  /** Such as `72 for the kernel + 2.1 × 64.0 for its root file system`. */
  readonly arithmetic: string;
}

function memoryNeed(kind: KernelKind, { bytes, isErofs }: InitrdSize): MemoryNeed {
  const isUnikraft = kind === "multiboot";
  const kernelMb = isUnikraft ? UNIKRAFT_KERNEL_MB : LINUX_KERNEL_MB;
  const factor = isUnikraft ? (isErofs ? 1 : UNIKRAFT_CPIO_FACTOR) : LINUX_INITRD_FACTOR;
  const initrdMb = bytes / MIB;
  const minimumMb = Math.ceil(kernelMb + initrdMb * factor);
  if (!isUnikraft && minimumMb <= LINUX_MIN_MEMORY_MB)
    return { minimumMb: LINUX_MIN_MEMORY_MB, arithmetic: "the least with which Linux boots" };
  const rootfs = bytes === 0 ? "" : ` + ${factor} × ${initrdMb.toFixed(1)} for its root file system`;
  return { minimumMb, arithmetic: `${kernelMb} for the kernel${rootfs}` };
}

/**
 * The least memory in MiB with which a kernel of this kind can use this initrd. A lower bound: the program needs more, and so does a
 * compressed initrd.
 */
export const minimumMemoryMb = (kind: KernelKind, initrd: InitrdSize): number => memoryNeed(kind, initrd).minimumMb;

/** What is wrong with less memory than the guest boots with, with all figures; none if it gets enough. */
export function memoryViolations(memoryMb: number, kind: KernelKind, initrd: InitrdSize): readonly GuestViolation[] {
  const { minimumMb, arithmetic } = memoryNeed(kind, initrd);
  if (memoryMb >= minimumMb) return [];
  return [
    {
      property: "memoryMb",
      message: `The guest needs ${minimumMb} MiB of memory (${arithmetic}), but gets ${memoryMb}.`,
      hint: `Set memoryMb to ${minimumMb} or more.`,
    },
  ];
}
