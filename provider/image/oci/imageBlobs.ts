/** The blobs of an image: its layers, packed or reused, and its documents. */
import * as fs from "node:fs";
import { ContentMeter, type Digest } from "../../base/digest";
import { type BlobSource, blobFromLayer, layerBlobFromFile } from "./blob";
import { LAYER_ENTRY, MEDIA_TYPE, type Descriptor, type Platform } from "./descriptor";
import { type ImageParts, type LayerPart, type RunConfig, createImageDocuments, toDescriptor } from "./documents";
import type { LayerRef } from "./layer";

/** A file to pack into a layer, or a layer that exists already. */
export type LayerInput = LayerRef | { readonly file: string };

/** A ROM that exists as a blob, or the file of a file system. */
export type RomInput =
  { readonly file: string } | { readonly digest: Digest; readonly sizeBytes: number; readonly blob: string };

/** An image for one platform, before it is packed. */
export interface PlatformImage {
  readonly platform: Platform;
  readonly config: RunConfig;
  /** `undefined` for an image that boots with the node's kernel, and for one of ROMs only. */
  readonly kernel?: LayerInput;
  readonly initrd?: LayerInput;
  /** In order. */
  readonly roms?: readonly RomInput[];
  /** Annotations of the manifest; part of the digest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A ROM is a whole number of pages. Source: unikraft-cloud/x `image-spec`. */
const ROM_PAGE_BYTES = 4096;

/** Packs images of one or more platforms: the index, and every blob below it. Layers that exist are reused by their digest. */
export async function packImages(
  images: readonly PlatformImage[],
): Promise<{ readonly root: Descriptor; readonly blobs: readonly BlobSource[] }> {
  const parts: ImageParts[] = [];
  const layers: BlobSource[] = [];
  for (const { kernel, initrd, roms = [], ...rest } of images) {
    const kernelPart = kernel && (await toPart(kernel, LAYER_ENTRY.kernel));
    const initrdPart = initrd && (await toPart(initrd, LAYER_ENTRY.initrd));
    const romBlobs: BlobSource[] = [];
    for (const rom of roms) romBlobs.push("file" in rom ? await romBlobFromFile(rom.file) : romBlobFromBlob(rom));
    layers.push(...[kernelPart?.source, initrdPart?.source, ...romBlobs].filter((source) => source !== undefined));
    parts.push({ ...rest, kernel: kernelPart?.part, initrd: initrdPart?.part, roms: romBlobs });
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

const romBlobFromBlob = ({ digest, sizeBytes, blob }: Exclude<RomInput, { file: string }>): BlobSource => ({
  digest,
  sizeBytes,
  chunks: () => fs.createReadStream(blob, { highWaterMark: 256 * 1024 }),
});

/** A ROM from the file of a file system, padded with zeros to whole pages. Reads the file once, and again when the layout lacks it. */
async function romBlobFromFile(file: string): Promise<BlobSource> {
  const meter = new ContentMeter();
  for await (const _chunk of meter.measure(paddedChunks(file)));
  return { digest: meter.digest(), sizeBytes: meter.sizeBytes, chunks: () => paddedChunks(file) };
}

async function* paddedChunks(file: string): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 256 * 1024 })) {
    const bytes = chunk as Uint8Array; // no encoding is set
    sizeBytes += bytes.length;
    yield bytes;
  }
  const missing = (ROM_PAGE_BYTES - (sizeBytes % ROM_PAGE_BYTES)) % ROM_PAGE_BYTES;
  if (missing > 0) yield new Uint8Array(missing);
}
