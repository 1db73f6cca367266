/** Pulls images from a registry into a layout. */
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { createFolder, withTemporaryFolder } from "../../base/files";
import { type BlobSource, blobFromBytes, writeBlob } from "../oci/blob";
import { type ContainerImage, LINUX_X86_64, platformError, readContainerImage } from "../oci/containerImage";
import { MEDIA_TYPE, type Descriptor, imageConfig } from "../oci/descriptor";
import type { Layout } from "../oci/layout";
import { type PlatformChoice, VM_PLATFORM, describePlatforms } from "../oci/platformChoice";
import { canonicalRepository, parseReference } from "../oci/reference";
import { type DescribedImage, type StoredImage, blobPath, readDocument, readImage } from "../oci/storedImage";
import { type RegistryClient, createRegistryClient } from "./api/client";
import type { FetchedManifest } from "./api/manifests";
import { fetchConfig, fetchDocuments } from "./documents";
import { resolveEndpoint } from "./endpoint";
import type { RegistryClientOptions } from "./session";

/** How to reach a registry: credentials, allowed token hosts and a signal; see {@link RegistryClientOptions}. */
export type RegistryAccess = Omit<RegistryClientOptions, "registry">;

/**
 * Pulls one platform of a runtime; the digest remains that of the registry's index. A bare name is an official image: `base` is
 * `official/base:latest`. Blobs that the layout already has are not fetched.
 *
 * Throws `INPUT_INVALID` (no reference), `RUNTIME_UNAVAILABLE` (no such platform), `NO_SPACE`, and what a {@link RegistryClient} throws.
 */
export async function pullRuntime(
  reference: string,
  layout: Layout,
  access: RegistryAccess = {},
): Promise<StoredImage> {
  return (await fetchInto(reference, layout, VM_PLATFORM, access, unavailableError(reference))).stored;
}

const unavailableError = (reference: string) => (_root: FetchedManifest, manifests: readonly Descriptor[]) =>
  new UnikernelError(
    "RUNTIME_UNAVAILABLE",
    `The runtime '${reference}' is built for ${describePlatforms(manifests)}, not for ${VM_PLATFORM.architecture}.`,
    { hint: "Use a runtime for this architecture in the Kraftfile." },
  );

/**
 * What {@link pullRuntime} would return, from the documents alone: the files of its layers do not exist. `undefined` if a document is
 * missing. Throws as `pullRuntime`.
 */
export async function describeRuntime(
  reference: string,
  access: RegistryAccess = {},
): Promise<DescribedImage | undefined> {
  const parsed = parseReference(reference);
  const client = createRegistryClient({ ...access, registry: resolveEndpoint(parsed).registry });
  const wanted = { text: reference, platform: VM_PLATFORM };
  const { documents, manifest } = await fetchDocuments(client, parsed, wanted, unavailableError(reference));
  const { bytes: config } = await fetchConfig(client, parsed, manifest.config, reference);
  return withTemporaryFolder(async (folder) => {
    const root = toRoot(documents[0]);
    await createFolder(path.dirname(blobPath(folder, root.digest)));
    for (const bytes of [config, ...documents.map((document) => document.bytes)]) {
      const blob = blobFromBytes(bytes);
      await writeBlob(blob, blobPath(folder, blob.digest), access.signal);
    }
    return readImage(folder, root);
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
  const { root } = await fetchInto(reference, layout, platform, access, missing);
  return readContainerImage(layout.folder, root, platform);
}

async function fetchInto(
  reference: string,
  layout: Layout,
  platform: PlatformChoice,
  access: RegistryAccess,
  missing: (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError,
): Promise<{ readonly stored: StoredImage; readonly root: Descriptor }> {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveEndpoint(parsed);
  const client = createRegistryClient({ ...access, registry });
  const { documents, manifest } = await fetchDocuments(client, parsed, { text: reference, platform }, missing);
  const isPresent = (await readDocument(layout.folder, manifest.config.digest, imageConfig)) !== undefined;
  // A config is checked before the layers are fetched: other artefacts, such as Helm charts, have manifests too.
  const config = isPresent
    ? toBlobSource(client, repository, manifest.config)
    : blobFromBytes((await fetchConfig(client, parsed, manifest.config, reference)).bytes);
  const root = toRoot(documents[0]);
  const stored = await layout.putBlobs({
    repository: canonicalRepository(parsed),
    ...(parsed.tag === undefined ? {} : { tag: parsed.tag }),
    isUntagged: parsed.tag === undefined && parsed.digest !== undefined,
    root,
    blobs: [
      ...manifest.layers.map((layer) => toBlobSource(client, repository, layer)),
      config,
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
