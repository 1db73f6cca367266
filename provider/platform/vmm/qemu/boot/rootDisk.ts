/**
 * Boots a Linux guest from an EROFS image: the image is a read-only disk, and the initrd has only what mounts it. The guest then needs
 * no memory for the root file system. A Unikraft kernel reads an EROFS image as its initrd.
 */
import { UnikernelError } from "../../../../base/errors";
import { isErofs, readErofs } from "../../../../image/erofs/read";
import type { KernelKind } from "../../../../image/kernel/kernelKind";

/** Entries of an archive by path. */
type FileTree = Awaited<ReturnType<typeof readErofs>>;

/** Serial number of the disk with the root file system. */
export const ROOT_DISK_SERIAL = "rootfs";

/** A root file system on a disk. */
export interface RootDisk {
  /** Absolute path of the EROFS image. */
  readonly file: string;
  /** The image's own `/init` and `/unikernel`, for the initrd. */
  readonly bootTree: FileTree;
}

/**
 * The root disk of a guest; `undefined` if its initrd is no EROFS image, or for a Unikraft kernel. Throws `VMM_FAILED` for an image
 * without the files of the runtime `linux:latest`.
 */
export async function findRootDisk(initrd: string | undefined, kind: KernelKind): Promise<RootDisk | undefined> {
  if (initrd === undefined || kind === "multiboot" || !(await isErofs(initrd))) return undefined;
  const tree = await readErofs(initrd);
  if (!tree.has("init") || !tree.has("unikernel/modules/erofs")) {
    throw new UnikernelError("VMM_FAILED", "The EROFS root file system has no init that can mount it.", {
      hint: "Build the image with the runtime linux:latest, or with the format cpio.",
    });
  }
  return { file: initrd, bootTree: new Map([...tree].filter(([path]) => /^(?:init$|unikernel(?:\/|$))/.test(path))) };
}

/** The content of the initrd: the boot tree, the serial number of the disk, and the files to copy into the mounted root file system. */
export function composeBootInitrd({ bootTree }: RootDisk, extraFiles: FileTree): FileTree {
  return new Map([
    ...bootTree,
    // Mount points, which the kernel does not create.
    ...["proc", "sys", "dev"].map((path) => [path, { type: "directory", mode: 0o755 }] as const),
    ["unikernel/rootfs", { type: "file", mode: 0o644, content: { bytes: Buffer.from(`${ROOT_DISK_SERIAL}\n`) } }],
    ...[...extraFiles].map(([path, entry]) => [`unikernel/extra/${path}`, entry] as const),
  ]);
}
