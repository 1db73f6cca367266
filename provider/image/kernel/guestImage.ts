/** What is known of the guests of an image before one boots: its program, its kernel, and the size of its root file system. */
import { EROFS_MAGIC, SUPER, SUPER_OFFSET } from "../erofs/format";
import type { LayerRef } from "../oci/layer";
import type { DescribedImage } from "../oci/storedImage";
import { TAR_BLOCK_BYTES, decodeTarHeader, isZeroBlock } from "../tar/header";
import { type KernelKind, type ReadAt, kernelKindOf } from "./kernelKind";
import type { InitrdSize } from "./minimumMemory";
import { type UnikraftParameters, unikraftParametersIn } from "./unikraftParameters";

/** The kernel of an image. */
export interface GuestKernel {
  /** `undefined`: it has no boot protocol that QEMU supports. */
  readonly kind: KernelKind | undefined;
  /** What a Unikraft kernel takes; `undefined` for another kernel. */
  readonly parameters: UnikraftParameters | undefined;
}

/** An image, as far as it decides what its guests can have. */
export interface GuestImage extends Pick<DescribedImage, "platform" | "cmd" | "env"> {
  /** `undefined` for an image without a kernel. */
  readonly kernel: GuestKernel | undefined;
  /** `undefined` for an image without a root file system. */
  readonly initrd: InitrdSize | undefined;
}

/** Reads the bytes of a layer. */
export type ReadLayer = (layer: LayerRef) => ReadAt;

/** Kernels of Unikraft have a few MiB; one that is larger is taken for one that knows all parameters. */
const MAX_UNIKRAFT_BYTES = 32 * 1024 * 1024;
/** Headers before the file of a layer: tools write at most a PAX header for all files and one for each. */
const MAX_HEADERS = 8;

/** Looks into the layers of an image, as little as is needed. Throws what reading throws, and `ArchiveError` for a layer that is no tar. */
export async function describeGuestImage(image: DescribedImage, readLayer: ReadLayer): Promise<GuestImage> {
  const { platform, cmd, env, kernel, initrd } = image;
  return {
    ...{ platform, cmd, env },
    kernel: kernel && (await describeKernel(kernel, readLayer(kernel))),
    initrd: initrd && (await describeInitrd(initrd, readLayer(initrd))),
  };
}

async function describeKernel(layer: LayerRef, read: ReadAt): Promise<GuestKernel> {
  const { offset, sizeBytes } = await findFile(layer, read);
  const readFile: ReadAt = (at, length) => read(offset + at, Math.max(0, Math.min(length, sizeBytes - at)));
  const kind = await kernelKindOf(readFile);
  if (kind !== "multiboot") return { kind, parameters: undefined };
  const isReadable = sizeBytes <= MAX_UNIKRAFT_BYTES;
  const all = { netdev: true, vfs: true, env: true };
  return { kind, parameters: isReadable ? unikraftParametersIn(await readFile(0, sizeBytes)) : all };
}

async function describeInitrd(layer: LayerRef, read: ReadAt): Promise<InitrdSize> {
  const { offset, sizeBytes } = await findFile(layer, read);
  const magic = await read(offset + SUPER_OFFSET + SUPER.magic, 4);
  return { bytes: sizeBytes, isErofs: magic.length === 4 && magic.readUInt32LE() === EROFS_MAGIC };
}

/** Where the only file of a layer is. */
async function findFile(
  { digest, entry }: LayerRef,
  read: ReadAt,
): Promise<{ readonly offset: number; readonly sizeBytes: number }> {
  for (let at = 0, headers = 0; headers < MAX_HEADERS; headers++) {
    const block = await read(at, TAR_BLOCK_BYTES);
    if (block.length < TAR_BLOCK_BYTES || isZeroBlock(block)) break;
    const { type, sizeBytes } = decodeTarHeader(block, at);
    const offset = at + TAR_BLOCK_BYTES;
    if (type === "0") return { offset, sizeBytes };
    at = offset + Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
  throw new Error(`Layer ${digest} does not begin with '${entry}'.`);
}
