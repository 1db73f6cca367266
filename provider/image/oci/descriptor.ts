/**
 * The documents of an OCI image, as stored on disk and sent over the wire.
 *
 * Source: OCI image-spec 1.1 (descriptor.md, image-index.md, manifest.md, config.md); annotations and platform names:
 * KraftKit `oci/` and unikraft-cloud/x `image-spec`.
 */
import * as z from "zod";
import { type Digest, isDigest } from "../../base/digest";

/** Media types this package reads or writes. */
export const MEDIA_TYPE = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  /** A file system of its own, raw. Source: unikraft-cloud/x `image-spec`. */
  rom: "application/vnd.unikraft.rom.v1",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
} as const;

/** Annotations of layers; the value is the absolute path of the one file inside the layer's tar. */
export const LAYER_ANNOTATION = {
  kernel: "org.unikraft.kernel.image",
  initrd: "org.unikraft.kernel.initrd",
} as const;

/** Standard annotations. Source: OCI image-spec 1.1, annotations.md. */
export const ANNOTATION = {
  refName: "org.opencontainers.image.ref.name",
  created: "org.opencontainers.image.created",
} as const;

/**
 * Annotation of an entry in `index.json`, not part of the digest: whether the image was built with files from the program, which may
 * hold secrets. `none` or `given`; absent if the image was not built here, or by an earlier release.
 */
export const GIVEN_FILES_ANNOTATION = "pulumi-unikernel.given-files";

/** Annotations of `index.json`: after this prefix, a repository; the value is its owner (repositoryOwner.ts). */
export const OWNER_ANNOTATION_PREFIX = "pulumi-unikernel.owner/";

/** Paths of kernel and initrd inside their layers. */
export const LAYER_ENTRY = { kernel: "unikraft/bin/kernel", initrd: "unikraft/bin/initrd" } as const;

/** The platform of an image, with Unikraft's names: `qemu`, `fc`, `kraftcloud` / `x86_64`, `arm64`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly osVersion?: string;
  /** Kernel options such as `CONFIG_LIBUKFS_EROFS=y`. */
  readonly osFeatures?: readonly string[];
}

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "must be a sha256 digest");
const annotations = z.record(z.string(), z.string());

const wirePlatform = z.object({
  architecture: z.string(),
  os: z.string(),
  "os.version": z.string().optional(),
  "os.features": z.array(z.string()).nullish(),
});

/** A reference to a blob by digest; `size` in bytes. */
export const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().min(0),
  platform: wirePlatform.optional(),
  annotations: annotations.nullish(),
});
/** Parsed {@link descriptor}. */
export type Descriptor = z.infer<typeof descriptor>;

/** An image index, the `index.json` of a layout, or Docker's manifest list. */
export const imageIndex = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(descriptor),
  annotations: annotations.nullish(),
});
/** Parsed {@link imageIndex}. */
export type ImageIndex = z.infer<typeof imageIndex>;

/** An image manifest, OCI or Docker. */
export const imageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor),
  annotations: annotations.nullish(),
});
/** Parsed {@link imageManifest}. */
export type ImageManifest = z.infer<typeof imageManifest>;

/** The config blob, reduced to the fields this package uses. */
export const imageConfig = z.object({
  ...wirePlatform.shape,
  config: z
    .object({
      Cmd: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
    })
    .nullish(),
});
/** Parsed {@link imageConfig}. */
export type ImageConfig = z.infer<typeof imageConfig>;

/** True for an OCI index or a Docker manifest list. */
export const isIndexType = (mediaType: string): boolean =>
  mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.dockerIndex;

/** Converts a platform to its wire form. The order of the members is fixed, since it affects the digest. */
export const toWirePlatform = ({
  os,
  architecture,
  osVersion,
  osFeatures,
}: Platform): z.infer<typeof wirePlatform> => ({
  architecture,
  os,
  ...(osVersion === undefined ? {} : { "os.version": osVersion }),
  ...(osFeatures === undefined || osFeatures.length === 0 ? {} : { "os.features": [...osFeatures] }),
});

/** Converts the wire form of a platform. */
export const toPlatform = (wire: z.infer<typeof wirePlatform>): Platform => ({
  os: wire.os,
  architecture: wire.architecture,
  ...(wire["os.version"] === undefined ? {} : { osVersion: wire["os.version"] }),
  ...(wire["os.features"] == null ? {} : { osFeatures: wire["os.features"] }),
});

/** Formats a platform as `qemu/x86_64`. */
export const formatPlatform = ({ os, architecture }: Platform): string => `${os}/${architecture}`;
