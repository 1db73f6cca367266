/**
 * The documents of one image: index → manifest → config, kernel layer, initrd layer. They contain no times, so that
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

/** The parts of an image. */
export interface ImageParts {
  readonly platform: Platform;
  readonly config: RunConfig;
  readonly kernel: { readonly digest: Digest; readonly sizeBytes: number; readonly entry?: string };
  readonly initrd?: { readonly digest: Digest; readonly sizeBytes: number; readonly entry?: string };
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The documents of an image as blobs. */
export interface ImageDocuments {
  readonly index: BlobSource;
  readonly manifest: BlobSource;
  readonly config: BlobSource;
}

const sortByKey = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Creates the documents of an image. */
export function createImageDocuments({
  platform,
  config,
  kernel,
  initrd,
  annotations = {},
}: ImageParts): ImageDocuments {
  const wirePlatform = toWirePlatform(platform);
  const layers: Descriptor[] = [
    layerDescriptor(kernel, LAYER_ANNOTATION.kernel, LAYER_ENTRY.kernel),
    ...(initrd === undefined ? [] : [layerDescriptor(initrd, LAYER_ANNOTATION.initrd, LAYER_ENTRY.initrd)]),
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
  const index = toJsonBlob({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [
      {
        ...toDescriptor(MEDIA_TYPE.manifest, manifest),
        platform: wirePlatform,
        ...(isEmpty(annotations) ? {} : { annotations: sortByKey(annotations) }),
      },
    ],
  });
  return { index, manifest, config: configBlob };
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

const layerDescriptor = (layer: ImageParts["kernel"], annotation: string, entry: string): Descriptor => ({
  ...toDescriptor(MEDIA_TYPE.layer, layer),
  annotations: { [annotation]: `/${layer.entry ?? entry}` },
});
