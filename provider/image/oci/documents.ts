/**
 * The documents of one image: index → manifest per platform → config, kernel layer, initrd layer, ROMs. They contain no times, so that
 * equal parts give the same digest. Pure.
 *
 * Layout of the artefact: KraftKit `oci/` and unikraft-cloud/x `image-spec`. `platform` is repeated in the index
 * entry, the config blob and the config descriptor, because the two generations of tools read it from different places.
 */
import type { Digest } from "../../base/digest";
import { type BlobSource, blobFromBytes } from "./blob";
import {
  LAYER_ANNOTATION,
  LAYER_ENTRY,
  MEDIA_TYPE,
  type Descriptor,
  type Platform,
  toWirePlatform,
} from "./descriptor";

/** How an instance of the image runs. */
export interface RunConfig {
  /** Complete argv; empty for the runtime's default. */
  readonly cmd: readonly string[];
  /** In the order passed to the guest. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute guest path; `undefined` for the runtime's default. */
  readonly workingDir?: string;
}

/** A layer of an image to describe. */
export interface LayerPart {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Path of its file; `undefined` for the usual one. */
  readonly entry?: string;
}

/** The parts of an image for one platform. */
export interface ImageParts {
  readonly platform: Platform;
  readonly config: RunConfig;
  /** `undefined` for images that boot with the node's kernel, and for images of ROMs only. */
  readonly kernel?: LayerPart | undefined;
  readonly initrd?: LayerPart | undefined;
  /** In order. */
  readonly roms?: readonly Pick<LayerPart, "digest" | "sizeBytes">[];
  /** Uncompressed tars for container runtimes, above all other layers, in order. */
  readonly containerLayers?: readonly Pick<LayerPart, "digest" | "sizeBytes">[];
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The documents of one platform as blobs. */
export interface PlatformDocuments {
  readonly manifest: BlobSource;
  readonly config: BlobSource;
}

/** The documents of an image as blobs. */
export interface ImageDocuments {
  readonly index: BlobSource;
  /** In the order of the parts. */
  readonly platforms: readonly PlatformDocuments[];
}

const sortByKey = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Creates the documents of an image for one or more platforms, in the given order. */
export function createImageDocuments(images: readonly ImageParts[]): ImageDocuments {
  const platforms = images.map((parts) => ({ parts, documents: createPlatformDocuments(parts) }));
  const index = toJsonBlob({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: platforms.map(({ parts: { platform, annotations = {} }, documents }) => ({
      ...toDescriptor(MEDIA_TYPE.manifest, documents.manifest),
      platform: toWirePlatform(platform),
      ...(isEmpty(annotations) ? {} : { annotations: sortByKey(annotations) }),
    })),
  });
  return { index, platforms: platforms.map(({ documents }) => documents) };
}

function createPlatformDocuments({
  platform,
  config,
  kernel,
  initrd,
  roms = [],
  containerLayers = [],
  annotations = {},
}: ImageParts): PlatformDocuments {
  const wirePlatform = toWirePlatform(platform);
  const layers: Descriptor[] = [
    ...(kernel === undefined ? [] : [layerDescriptor(kernel, LAYER_ANNOTATION.kernel, LAYER_ENTRY.kernel)]),
    ...(initrd === undefined ? [] : [layerDescriptor(initrd, LAYER_ANNOTATION.initrd, LAYER_ENTRY.initrd)]),
    ...roms.map((rom) => toDescriptor(MEDIA_TYPE.rom, rom)),
    ...containerLayers.map((layer) => toDescriptor(MEDIA_TYPE.layer, layer)),
  ];
  const configBlob = toJsonBlob({
    ...wirePlatform,
    config: {
      ...(isEmpty(config.env) ? {} : { Env: Object.entries(config.env).map(([key, value]) => `${key}=${value}`) }),
      ...(config.cmd.length === 0 ? {} : { Cmd: config.cmd }),
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(isEmpty(config.labels) ? {} : { Labels: sortByKey(config.labels) }),
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) }, // uncompressed: diff id = digest
  });
  const manifest = toJsonBlob({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { ...toDescriptor(MEDIA_TYPE.config, configBlob), platform: wirePlatform },
    layers,
    ...(isEmpty(annotations) ? {} : { annotations: sortByKey(annotations) }),
  });
  return { manifest, config: configBlob };
}

const toJsonBlob = (document: unknown): BlobSource => blobFromBytes(JSON.stringify(document));

/** The descriptor of a blob. */
export const toDescriptor = (
  mediaType: string,
  { digest, sizeBytes }: Pick<BlobSource, "digest" | "sizeBytes">,
): Descriptor => ({
  mediaType,
  digest,
  size: sizeBytes,
});

const layerDescriptor = (layer: LayerPart, annotation: string, entry: string): Descriptor => ({
  ...toDescriptor(MEDIA_TYPE.layer, layer),
  annotations: { [annotation]: `/${layer.entry ?? entry}` },
});
