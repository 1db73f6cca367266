/** Pulls images from a registry into a layout. */
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { createFolder, withTemporaryFolder } from "../../base/files";
import { type BlobSource, blobFromBytes, writeBlob } from "../oci/blob";
import { type ContainerImage, LINUX_X86_64, platformError, readContainerImage } from "../oci/containerImage";
import { MEDIA_TYPE, type Descriptor, type Platform, imageConfig } from "../oci/descriptor";
import type { Layout } from "../oci/layout";
import { ANY_PLATFORM, type PlatformChoice, VM_PLATFORM, describePlatforms, onlyPlatform } from "../oci/platformChoice";
import { canonicalRepository, parseReference } from "../oci/reference";
import { type DescribedImage, type StoredImage, blobPath, readDocument, readListedImage } from "../oci/storedImage";
import { unsupportedTargetsError } from "../runtimeImage";
import { type RegistryClient, createRegistryClient } from "./api/client";
import type { FetchedManifest } from "./api/manifests";
import { fetchConfig, fetchDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryClientOptions } from "./session";

/** How to reach a registry: credentials, allowed token hosts and a signal; see {@link RegistryClientOptions}. */
export type RegistryAccess = Omit<RegistryClientOptions, "registry">;

/** Which runtime to pull, and how to reach its registry. */
export interface RuntimeAccess extends RegistryAccess {
  /** Platforms; by default the one that VMs of this machine boot. */
  readonly targets?: readonly Platform[];
}

/**
 * Pulls one or more platforms of a runtime; the digest remains that of the registry's index. A bare name is an official image: `base` is
 * `official/base:latest`. Blobs that the layout already has are not fetched.
 *
 * Throws `INPUT_INVALID` (no reference), `RUNTIME_UNAVAILABLE` (no platform for VMs), `KRAFTFILE_INVALID` (a target is missing),
 * `NO_SPACE`, and what a {@link RegistryClient} throws.
 */
export async function pullRuntime(
  reference: string,
  layout: Layout,
  { targets = [], ...access }: RuntimeAccess = {},
): Promise<StoredImage> {
  const missing = unavailableError(reference, targets);
  return (await fetchInto(reference, layout, toChoices(targets), access, missing)).stored;
}

/** The platform of each target; that of VMs without targets. */
function toChoices(targets: readonly Platform[]): readonly [PlatformChoice, ...PlatformChoice[]] {
  const [first = VM_PLATFORM, ...others] = targets.map(onlyPlatform);
  return [first, ...others];
}

const unavailableError =
  (reference: string, targets: readonly Platform[]) =>
  (_root: FetchedManifest, manifests: readonly Descriptor[]): UnikernelError => {
    const offered = describePlatforms(manifests);
    if (targets.length > 0) return unsupportedTargetsError(reference, targets, offered);
    return new UnikernelError(
      "RUNTIME_UNAVAILABLE",
      `The runtime '${reference}' is built for ${offered}, not for ${VM_PLATFORM.architecture}.`,
      { hint: "Use a runtime for this architecture in the Kraftfile, or name its platform in 'targets'." },
    );
  };

/**
 * A runtime in a layout, for each of the targets; without targets, for VMs. `undefined` if a document of these platforms is missing: the
 * layout may have the runtime for others only. Throws `BUILD_FAILED` for malformed documents.
 *
 * @param root its index
 */
export function readRuntime(
  folder: string,
  root: Descriptor,
  targets: readonly Platform[],
): Promise<readonly DescribedImage[] | undefined> {
  return readAll(folder, root, toChoices(targets));
}

async function readAll(
  folder: string,
  root: Descriptor,
  platforms: readonly PlatformChoice[],
): Promise<readonly DescribedImage[] | undefined> {
  const images = await Promise.all(platforms.map((choice) => readListedImage(folder, root, choice)));
  const present = images.filter((image) => image !== undefined);
  return present.length === images.length ? present : undefined;
}

/**
 * What {@link pullRuntime} would store, as from {@link readRuntime}, from the documents alone: the files of its layers do not exist.
 * `undefined` if a document is missing. Throws as `pullRuntime`.
 */
export async function describeRuntime(
  reference: string,
  { targets = [], ...access }: RuntimeAccess = {},
): Promise<readonly DescribedImage[] | undefined> {
  return describeRemotely(reference, toChoices(targets), access, unavailableError(reference, targets));
}

/**
 * The same for the platform of any image that VMs would boot, or for another one if it has none for them: what its documents say.
 * `undefined` if a document is missing. Throws as {@link pullImage}.
 */
export async function describeImage(
  reference: string,
  access: RegistryAccess = {},
): Promise<DescribedImage | undefined> {
  const missing = (root: FetchedManifest, manifests: readonly Descriptor[]) =>
    platformError(root, manifests, ANY_PLATFORM);
  return (await describeRemotely(reference, [ANY_PLATFORM], access, missing))?.[0];
}

async function describeRemotely(
  reference: string,
  platforms: readonly [PlatformChoice, ...PlatformChoice[]],
  access: RegistryAccess,
  missing: (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError,
): Promise<readonly DescribedImage[] | undefined> {
  const parsed = parseReference(reference);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(parsed).registry });
  const { documents, manifests } = await fetchDocuments(client, parsed, { text: reference, platforms }, missing);
  const configs: Buffer[] = [];
  for (const { config } of manifests) configs.push((await fetchConfig(client, parsed, config, reference)).bytes);
  return withTemporaryFolder(async (folder) => {
    const root = toRoot(documents[0]);
    await createFolder(path.dirname(blobPath(folder, root.digest)));
    for (const bytes of [...configs, ...documents.map((document) => document.bytes)]) {
      const blob = blobFromBytes(bytes);
      await writeBlob(blob, blobPath(folder, blob.digest), access.signal);
    }
    return readAll(folder, root, platforms);
  });
}

const toRoot = ({ mediaType, digest, bytes }: FetchedManifest): Descriptor => ({
  mediaType: mediaType || MEDIA_TYPE.manifest,
  digest,
  size: bytes.length,
});

/**
 * Pulls one platform of any image, OCI or Docker, and describes it; its layers stay as they are, compressed or not.
 *
 * Throws `INPUT_INVALID` (no reference), `NOT_FOUND` (no such image or platform), `NO_SPACE`, and what a {@link RegistryClient} throws.
 */
export async function pullImage(
  reference: string,
  layout: Layout,
  { platform = LINUX_X86_64, ...access }: RegistryAccess & { readonly platform?: PlatformChoice } = {},
): Promise<ContainerImage> {
  const missing = (root: FetchedManifest, manifests: readonly Descriptor[]) => platformError(root, manifests, platform);
  const { root } = await fetchInto(reference, layout, [platform], access, missing);
  return readContainerImage(layout.folder, root, platform);
}

async function fetchInto(
  reference: string,
  layout: Layout,
  platforms: readonly [PlatformChoice, ...PlatformChoice[]],
  access: RegistryAccess,
  missing: (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError,
): Promise<{ readonly stored: StoredImage; readonly root: Descriptor }> {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveEndpoint(parsed);
  const client = createRegistryClient({ ...access, registry });
  const { documents, manifests } = await fetchDocuments(client, parsed, { text: reference, platforms }, missing);
  // A config is checked before the layers are fetched: other artefacts, such as Helm charts, have manifests too.
  const configs: BlobSource[] = [];
  for (const { config } of manifests) {
    const isPresent = (await readDocument(layout.folder, config.digest, imageConfig)) !== undefined;
    configs.push(
      isPresent
        ? toBlobSource(client, repository, config)
        : blobFromBytes((await fetchConfig(client, parsed, config, reference)).bytes),
    );
  }
  const root = toRoot(documents[0]);
  const stored = await layout.putBlobs({
    repository: canonicalRepository(parsed),
    ...(parsed.tag === undefined ? {} : { tag: parsed.tag }),
    isUntagged: parsed.tag === undefined && parsed.digest !== undefined,
    root,
    blobs: [
      ...manifests.flatMap(({ layers }) => layers.map((layer) => toBlobSource(client, repository, layer))),
      ...configs,
      ...documents.toReversed().map(({ bytes }) => blobFromBytes(bytes)),
    ],
    ...(access.signal === undefined ? {} : { signal: access.signal }),
  });
  return { stored, root };
}

const toBlobSource = (client: RegistryClient, repository: string, { digest, size }: Descriptor): BlobSource => ({
  digest,
  sizeBytes: size,
  chunks: () => client.fetchBlob(repository, { digest, size }),
});
