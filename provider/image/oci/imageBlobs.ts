/** The blobs of an image: its layers, packed or reused, and its documents. */
import * as fs from "node:fs";
import { type BlobSource, blobFromLayer, layerBlobFromFile } from "./blob";
import { LAYER_ENTRY, MEDIA_TYPE, type Descriptor, type Platform } from "./descriptor";
import { type ImageParts, type LayerPart, type RunConfig, createImageDocuments, toDescriptor } from "./documents";
import type { LayerRef } from "./layer";
import type { RomRef } from "./storedImage";

/** A file to pack into a layer, or a layer that exists already. */
export type LayerInput = LayerRef | { readonly file: string };

/** An image for one platform, before it is packed. */
export interface PlatformImage {
  readonly platform: Platform;
  readonly config: RunConfig;
  /** `undefined` for an image that boots with the node's kernel, and for one of ROMs only. */
  readonly kernel?: LayerInput;
  readonly initrd?: LayerInput;
  /** In order. */
  readonly roms?: readonly RomRef[];
  /** Uncompressed tars for container runtimes, above all other layers, in order. */
  readonly containerLayers?: readonly BlobSource[];
  /** Annotations of the manifest; part of the digest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Packs images of one or more platforms: the index, and every blob below it. Layers that exist are reused by their digest. */
export async function packImages(
  images: readonly PlatformImage[],
): Promise<{ readonly root: Descriptor; readonly blobs: readonly BlobSource[] }> {
  const parts: ImageParts[] = [];
  const layers: BlobSource[] = [];
  for (const { kernel, initrd, roms = [], containerLayers = [], ...rest } of images) {
    const kernelPart = kernel && (await toPart(kernel, LAYER_ENTRY.kernel));
    const initrdPart = initrd && (await toPart(initrd, LAYER_ENTRY.initrd));
    const romBlobs = roms.map(blobFromRom);
    const sources = [kernelPart?.source, initrdPart?.source, ...romBlobs, ...containerLayers];
    layers.push(...sources.filter((source) => source !== undefined));
    parts.push({ ...rest, kernel: kernelPart?.part, initrd: initrdPart?.part, roms: romBlobs, containerLayers });
  }
  const { index, platforms } = createImageDocuments(parts);
  const documents = platforms.flatMap(({ config, manifest }) => [config, manifest]);
  return { root: toDescriptor(MEDIA_TYPE.index, index), blobs: [...layers, ...documents, index] };
}

async function toPart(
  input: LayerInput,
  entry: string,
): Promise<{ readonly source: BlobSource; readonly part: LayerPart }> {
  if (!("file" in input)) return { source: blobFromLayer(input), part: input };
  const source = await layerBlobFromFile(input.file, entry);
  return { source, part: source };
}

const blobFromRom = ({ digest, sizeBytes, blob }: RomRef): BlobSource => ({
  digest,
  sizeBytes,
  chunks: () => fs.createReadStream(blob, { highWaterMark: 256 * 1024 }),
});
