/** Reads an image from the documents in a layout. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import type { Digest } from "../../base/digest";
import { UnikernelError, hasErrorCode } from "../../base/errors";
import {
  LAYER_ANNOTATION,
  MEDIA_TYPE,
  type Descriptor,
  type ImageManifest,
  type Platform,
  imageConfig,
  imageIndex,
  imageManifest,
  isIndexType,
  toPlatform,
} from "./descriptor";
import type { LayerRef } from "./layer";
import type { RunConfig } from "./documents";
import { ANY_PLATFORM, type PlatformChoice, chooseManifest, isAttestation } from "./platformChoice";

/** An image in a layout. */
export interface StoredImage extends RunConfig {
  /** As returned by `canonicalRepository`. */
  readonly repository: string;
  /** `undefined` for an image that no tag points to. */
  readonly tag?: string;
  /** Digest of the index, which identifies the image. */
  readonly digest: Digest;
  /** Total bytes of the image's blobs, each counted once: the index, and manifests, configs and layers of all platforms in this layout. */
  readonly sizeBytes: number;
  /** RFC 3339 time when it was stored in this layout; `undefined` in layouts of other tools. Not part of the digest. */
  readonly createdAt?: string;
  readonly platform: Platform;
  /** `undefined` for images without a kernel. */
  readonly kernel?: LayerRef;
  /** `undefined` for images without an initrd. */
  readonly initrd?: LayerRef;
  /** Raw file systems, in order; `undefined` for none. */
  readonly roms?: readonly RomRef[];
}

/** A ROM: a raw file system, which is a whole number of pages. */
export interface RomRef {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Absolute path of the file system; not read for a digest alone. */
  readonly blob: string;
}

/** Largest document of an image; registries must accept at least 4 MiB. Source: OCI distribution-spec 1.1, "Pushing Manifests". */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Path of a blob in a layout. */
export const blobPath = (folder: string, digest: Digest): string =>
  path.join(folder, "blobs", "sha256", digest.slice("sha256:".length));

/** An image as its documents describe it, whatever its name. */
export type DescribedImage = Omit<StoredImage, "repository" | "tag" | "createdAt">;

/** The manifests of an image that a layout has; a pulled index may list platforms that were not fetched. */
interface PresentManifests {
  /** The entries of all manifests, also of those that the layout lacks, in the order of the index. */
  readonly listed: readonly Descriptor[];
  /** In the order of the index. */
  readonly manifests: readonly { readonly entry: Descriptor; readonly manifest: ImageManifest }[];
  /** Size of each blob of the image, as far as its manifest is present. */
  readonly sizes: ReadonlyMap<Digest, number>;
}

/** Indexes inside of indexes, up to this depth. */
const MAX_DEPTH = 4;

/**
 * Reads the image that `root` (an index, or a lone manifest) describes, for one platform; `undefined` when its documents, or the chosen
 * platform, are missing. Throws `BUILD_FAILED` for malformed documents.
 *
 * @param choice by default the best one for VMs, else the first
 */
export async function readImage(
  folder: string,
  root: Descriptor,
  choice = ANY_PLATFORM,
): Promise<DescribedImage | undefined> {
  const present = await readManifests(folder, root);
  const entries = present.manifests.map(({ entry }) => entry);
  const chosen = chooseManifest(entries, choice);
  return chosen && describeManifest(folder, root, present, chosen);
}

/**
 * As {@link readImage}, but chooses among all platforms that the image lists: `undefined` if the layout lacks the chosen one, though it may
 * have another that fits.
 */
export async function readListedImage(
  folder: string,
  root: Descriptor,
  choice: PlatformChoice,
): Promise<DescribedImage | undefined> {
  const present = await readManifests(folder, root);
  const chosen = chooseManifest(present.listed, choice);
  return chosen && describeManifest(folder, root, present, chosen);
}

/**
 * Reads all platforms of an image, in the order of its index, as far as the layout has them; a manifest that is listed twice counts once.
 * Otherwise as {@link readImage}.
 */
export async function readPlatforms(folder: string, root: Descriptor): Promise<readonly DescribedImage[]> {
  const present = await readManifests(folder, root);
  const images: DescribedImage[] = [];
  const described = new Set<Digest>();
  for (const { entry } of present.manifests) {
    if (described.has(entry.digest)) continue;
    described.add(entry.digest);
    const image = isAttestation(entry) ? undefined : await describeManifest(folder, root, present, entry);
    if (image !== undefined) images.push(image);
  }
  return images;
}

async function describeManifest(
  folder: string,
  root: Descriptor,
  { manifests, sizes }: PresentManifests,
  chosen: Descriptor,
): Promise<DescribedImage | undefined> {
  const manifest = manifests.find(({ entry }) => entry === chosen)?.manifest;
  const config = manifest && (await readDocument(folder, manifest.config.digest, imageConfig));
  if (manifest === undefined || config === undefined) return undefined;
  const layer = (annotation: string): LayerRef | undefined => findLayer(folder, manifest.layers, annotation);
  const [kernel, initrd] = [layer(LAYER_ANNOTATION.kernel), layer(LAYER_ANNOTATION.initrd)];
  const roms = findRoms(folder, manifest.layers);
  const { Cmd, Entrypoint, Env, Labels, WorkingDir } = config.config ?? {};
  return {
    digest: root.digest,
    sizeBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    platform: toPlatform(config),
    cmd: [...(Entrypoint ?? []), ...(Cmd ?? [])],
    env: parseEnv(Env ?? []),
    labels: Labels ?? {},
    ...(WorkingDir == null || WorkingDir === "" ? {} : { workingDir: WorkingDir }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(roms.length === 0 ? {} : { roms }),
  };
}

async function readManifests(folder: string, root: Descriptor): Promise<PresentManifests> {
  const listed: Descriptor[] = [];
  const manifests: { readonly entry: Descriptor; readonly manifest: ImageManifest }[] = [];
  const sizes = new Map<Digest, number>();
  const visit = async (entry: Descriptor, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) return;
    if (isIndexType(entry.mediaType)) {
      if (sizes.has(entry.digest)) return;
      const index = await readDocument(folder, entry.digest, imageIndex);
      if (index !== undefined) sizes.set(entry.digest, entry.size);
      for (const child of index?.manifests ?? []) await visit(child, depth + 1);
      return;
    }
    listed.push(entry);
    // An index may list one manifest for several platforms.
    const known = manifests.find((one) => one.entry.digest === entry.digest)?.manifest;
    const manifest = known ?? (await readDocument(folder, entry.digest, imageManifest));
    if (manifest === undefined) return;
    manifests.push({ entry, manifest });
    for (const { digest, size } of [entry, manifest.config, ...manifest.layers]) sizes.set(digest, size);
  };
  await visit(root, 0);
  return { listed, manifests, sizes };
}

/** Digests of all blobs reachable from a root, itself included, as far as its documents are present. */
export async function reachableFrom(folder: string, root: Descriptor): Promise<Digest[]> {
  if (isIndexType(root.mediaType)) {
    const index = await readDocument(folder, root.digest, imageIndex);
    const children = await Promise.all((index?.manifests ?? []).map((manifest) => reachableFrom(folder, manifest)));
    return [root.digest, ...children.flat()];
  }
  const manifest = await readDocument(folder, root.digest, imageManifest);
  const parts = manifest === undefined ? [] : [manifest.config, ...manifest.layers];
  return [root.digest, ...parts.map((part) => part.digest)];
}

/**
 * Reads a JSON document of a layout; `undefined` when it is missing. Throws `BUILD_FAILED` when it is malformed or larger than
 * {@link MAX_DOCUMENT_BYTES}.
 */
export async function readDocument<T>(folder: string, digest: Digest, model: z.ZodType<T>): Promise<T | undefined> {
  const file = blobPath(folder, digest);
  let text: string;
  try {
    const { size } = await fs.stat(file);
    if (size > MAX_DOCUMENT_BYTES)
      throw new UnikernelError("BUILD_FAILED", `'${file}' is too large for an OCI document.`);
    text = await fs.readFile(file, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return undefined;
    throw error;
  }
  return parseDocument(text, file, model);
}

/** Parses a JSON document. Throws `BUILD_FAILED` with the file name when it does not match `model`. */
export function parseDocument<T>(text: string, file: string, model: z.ZodType<T>): T {
  const options = { hint: "The image layout is damaged; remove its folder, and images are built or fetched again." };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UnikernelError("BUILD_FAILED", `'${file}' is not JSON.`, { ...options, cause });
  }
  const parsed = model.safeParse(json);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new UnikernelError("BUILD_FAILED", `'${file}' is not a valid OCI document (at '${where}').`, options);
}

/** Considers uncompressed layers only, like all tools that read these images. */
function findLayer(folder: string, layers: readonly Descriptor[], annotation: string): LayerRef | undefined {
  for (const { mediaType, digest, size, annotations } of layers) {
    const entry = annotations?.[annotation];
    if (entry === undefined || (mediaType !== MEDIA_TYPE.layer && mediaType !== MEDIA_TYPE.dockerLayer)) continue;
    return { digest, sizeBytes: size, blob: blobPath(folder, digest), entry: entry.replace(/^\/+/, "") };
  }
  return undefined;
}

const findRoms = (folder: string, layers: readonly Descriptor[]): RomRef[] =>
  layers
    .filter(({ mediaType }) => mediaType === MEDIA_TYPE.rom)
    .map(({ digest, size }) => ({ digest, sizeBytes: size, blob: blobPath(folder, digest) }));

/** The first of several entries with the same name wins, as for getenv(3). */
function parseEnv(entries: readonly string[]): Record<string, string> {
  const env = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf("=");
    const key = at < 0 ? entry : entry.slice(0, at);
    if (!env.has(key)) env.set(key, at < 0 ? "" : entry.slice(at + 1));
  }
  return Object.fromEntries(env);
}
