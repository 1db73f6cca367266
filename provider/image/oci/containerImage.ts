/** Reads any container image, OCI or Docker, from a layout: its layers in order, and how it runs. */
import * as path from "node:path";
import * as z from "zod";
import type { Digest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import {
  type Descriptor,
  type Platform,
  imageConfig,
  imageIndex,
  imageManifest,
  isIndexType,
  toPlatform,
} from "./descriptor";
import { readIndex } from "./indexJson";
import { type PlatformChoice, chooseManifest, describePlatforms } from "./platformChoice";
import { blobPath, readDocument } from "./storedImage";

/** A layer of a container image, as it is: often compressed. */
export interface ContainerLayer {
  /** Such as `application/vnd.oci.image.layer.v1.tar+gzip`. */
  readonly mediaType: string;
  readonly digest: Digest;
  /** Of the blob, so of the compressed bytes. */
  readonly sizeBytes: number;
  /** Absolute path of the blob. */
  readonly file: string;
}

/** A container image in a layout. */
export interface ContainerImage {
  /** Of the index if there is one, else of the manifest. */
  readonly digest: Digest;
  readonly manifestDigest: Digest;
  readonly platform: Platform;
  /** Absolute path of the config blob, which has more than the fields below. */
  readonly configFile: string;
  /** Lowest first. */
  readonly layers: readonly ContainerLayer[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` each, in the image's order. */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `undefined` for none. */
  readonly workingDir?: string;
  /** `user[:group]`; `undefined` for none. */
  readonly user?: string;
}

/** The platform of ordinary images for the VMs of this package. */
export const LINUX_X86_64: PlatformChoice = { os: ["linux"], architecture: "x86_64" };

/** Indexes inside of indexes, which some builders write, up to this depth. */
const MAX_DEPTH = 4;

/**
 * Reads the image of a layout on disk, such as a builder's output. `tag` chooses one of several images by its
 * `org.opencontainers.image.ref.name`; without it, there must be one only.
 *
 * Throws `NOT_FOUND` (no such image or platform), `BUILD_FAILED` (a damaged layout).
 */
export async function readLayoutImage(
  folder: string,
  { tag, platform = LINUX_X86_64 }: { readonly tag?: string; readonly platform?: PlatformChoice } = {},
): Promise<ContainerImage> {
  const { manifests } = await readIndex(folder);
  const named = (entry: Descriptor): string => entry.annotations?.["org.opencontainers.image.ref.name"] ?? "";
  const matching = tag === undefined ? manifests : manifests.filter((entry) => named(entry) === tag);
  const [root] = matching;
  const isOne = new Set(matching.map((entry) => entry.digest)).size === 1;
  if (root !== undefined && isOne) return readContainerImage(folder, root, platform);
  if (root !== undefined && matching.every((entry) => !isIndexType(entry.mediaType))) {
    const chosen = chooseManifest(matching, platform); // one entry per platform, as in an index
    if (chosen !== undefined) return readContainerImage(folder, chosen, platform);
  }
  const tags = manifests.map(named).filter((name) => name !== "");
  const choice = tags.length === 0 ? "Name a layout with one image." : `Add one of its tags: ${tags.join(", ")}.`;
  const count = matching.length === 0 ? "no image" : `${matching.length} images`;
  throw new UnikernelError(
    "NOT_FOUND",
    `The OCI layout '${folder}' has ${count}${tag === undefined ? "" : ` with the tag '${tag}'`}.`,
    { hint: choice },
  );
}

/** Reads the image that `root` (an index or a manifest) describes. Throws as {@link readLayoutImage}. */
export async function readContainerImage(
  folder: string,
  root: Descriptor,
  platform: PlatformChoice = LINUX_X86_64,
): Promise<ContainerImage> {
  let entry = root;
  for (let depth = 0; isIndexType(entry.mediaType); depth++) {
    const { manifests } = await requireDocument(folder, entry, imageIndex);
    const chosen = depth < MAX_DEPTH ? chooseManifest(manifests, platform) : undefined;
    if (chosen === undefined) throw platformError(root, manifests, platform);
    entry = chosen;
  }
  const { config, layers } = await requireDocument(folder, entry, imageManifest);
  const document = await requireDocument(folder, config, imageConfig);
  const { Cmd, Entrypoint, Env, Labels, User, WorkingDir } = document.config ?? {};
  return {
    digest: root.digest,
    manifestDigest: entry.digest,
    platform: toPlatform(document),
    configFile: path.resolve(blobPath(folder, config.digest)),
    layers: layers.map(({ mediaType, digest, size }) => ({
      mediaType,
      digest,
      sizeBytes: size,
      file: path.resolve(blobPath(folder, digest)),
    })),
    entrypoint: Entrypoint ?? [],
    cmd: Cmd ?? [],
    env: Env ?? [],
    labels: Labels ?? {},
    ...(WorkingDir ? { workingDir: WorkingDir } : {}),
    ...(User ? { user: User } : {}),
  };
}

/** The error for an image without a wanted platform. */
export const platformError = (
  { digest }: Pick<Descriptor, "digest">,
  manifests: readonly Descriptor[],
  { os, architecture }: PlatformChoice,
): UnikernelError =>
  new UnikernelError(
    "NOT_FOUND",
    `The image ${digest} is built for ${describePlatforms(manifests)}, not for ${os.join(" or ")}/${architecture}.`,
    { hint: "Build it for this platform, or use another image." },
  );

async function requireDocument<T>(folder: string, { digest }: Descriptor, model: z.ZodType<T>): Promise<T> {
  const document = await readDocument(folder, digest, model);
  if (document !== undefined) return document;
  throw new UnikernelError("BUILD_FAILED", `The OCI layout '${folder}' lacks the document ${digest}.`, {
    hint: "Build or copy the image again.",
  });
}
