/** Pulls images from a registry into a layout. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { withTemporaryFolder } from "../../base/files";
import { type BlobSource, blobFromBytes, writeBlob } from "../oci/blob";
import { type ContainerImage, LINUX_X86_64, platformError, readContainerImage } from "../oci/containerImage";
import { MEDIA_TYPE, type Descriptor, imageConfig, imageIndex, imageManifest, isIndexType } from "../oci/descriptor";
import type { Layout } from "../oci/layout";
import { type PlatformChoice, VM_PLATFORM, chooseManifest, describePlatforms } from "../oci/platformChoice";
import { type Reference, canonicalRepository, parseReference } from "../oci/reference";
import {
  type DescribedImage,
  MAX_DOCUMENT_BYTES,
  type StoredImage,
  blobPath,
  parseDocument,
  readDocument,
  readImage,
} from "../oci/storedImage";
import { type RegistryClient, createRegistryClient } from "./api/client";
import type { FetchedManifest } from "./api/manifests";
import { resolveEndpoint } from "./endpoint";
import type { RegistryClientOptions } from "./session";

/** How to reach a registry: credentials, allowed token hosts and a signal; see {@link RegistryClientOptions}. */
export type RegistryAccess = Omit<RegistryClientOptions, "registry">;

/** Indexes inside of indexes, up to this depth. */
const MAX_DEPTH = 4;

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
  return withTemporaryFolder(async (folder) => {
    const { root, documents, config } = await fetchDocuments(
      { reference, folder, platform: VM_PLATFORM },
      access,
      unavailableError(reference),
    );
    await fs.mkdir(path.dirname(blobPath(folder, root.digest)), { recursive: true });
    for (const blob of [config, ...documents.map(({ bytes }) => blobFromBytes(bytes))])
      await writeBlob(blob, blobPath(folder, blob.digest), access.signal);
    return readImage(folder, root);
  });
}

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

/**
 * The digest that a reference has in its registry now; `undefined` if the image does not exist. Throws what a {@link RegistryClient}
 * throws.
 */
export async function resolveImageDigest(reference: string, access: RegistryAccess = {}): Promise<string | undefined> {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveEndpoint(parsed);
  return createRegistryClient({ ...access, registry }).resolveManifest(repository, versionOf(parsed));
}

const versionOf = ({ digest, tag }: Reference): string => digest ?? tag ?? "latest";

/** An image in a registry, and the layout that may have parts of it. */
interface Source {
  readonly reference: string;
  readonly folder: string;
  readonly platform: PlatformChoice;
}

type MissingPlatform = (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError;

async function fetchInto(
  reference: string,
  layout: Layout,
  platform: PlatformChoice,
  access: RegistryAccess,
  missing: MissingPlatform,
): Promise<{ readonly stored: StoredImage; readonly root: Descriptor }> {
  const parsed = parseReference(reference);
  const source = { reference, folder: layout.folder, platform };
  const { root, documents, manifest, config, client, repository } = await fetchDocuments(source, access, missing);
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

/** Fetches what describes an image: its indexes, the manifest of the platform, and the config. */
async function fetchDocuments(
  { reference, folder, platform }: Source,
  access: RegistryAccess,
  missing: MissingPlatform,
) {
  const parsed = parseReference(reference);
  const { registry, repository } = resolveEndpoint(parsed);
  const client = createRegistryClient({ ...access, registry });
  const documents = [await client.fetchManifest(repository, versionOf(parsed))];
  for (let last = documents[0]; last !== undefined && isIndexType(last.mediaType); last = documents.at(-1)) {
    const { manifests } = parseFetched(last, imageIndex, reference);
    const chosen = documents.length <= MAX_DEPTH ? chooseManifest(manifests, platform) : undefined;
    if (chosen === undefined) throw missing(last, manifests);
    documents.push(await client.fetchManifest(repository, chosen.digest));
  }
  const [rootDocument, manifestDocument] = [documents[0], documents.at(-1)];
  if (rootDocument === undefined || manifestDocument === undefined)
    throw new UnikernelError("BUG", "No manifest was fetched.");
  const manifest = parseFetched(manifestDocument, imageManifest, reference);
  const config = await fetchConfig(client, repository, manifest.config, { reference, folder });
  const { mediaType, digest, bytes } = rootDocument;
  const root: Descriptor = { mediaType: mediaType || MEDIA_TYPE.manifest, digest, size: bytes.length };
  return { root, documents, manifest, config, client, repository };
}

/** A config is checked before the layers are fetched: other artefacts, such as Helm charts, have manifests too. */
async function fetchConfig(
  client: RegistryClient,
  repository: string,
  descriptor: Descriptor,
  { reference, folder }: { readonly reference: string; readonly folder: string },
): Promise<BlobSource> {
  const isPresent = (await readDocument(folder, descriptor.digest, imageConfig)) !== undefined;
  if (isPresent) return toBlobSource(client, repository, descriptor);
  if (descriptor.size > MAX_DOCUMENT_BYTES) throw documentError(descriptor.digest, reference);
  const parts: Uint8Array[] = [];
  for await (const part of client.fetchBlob(repository, descriptor)) parts.push(part);
  const bytes = Buffer.concat(parts);
  parseFetched({ digest: descriptor.digest, bytes }, imageConfig, reference);
  return blobFromBytes(bytes);
}

const toBlobSource = (client: RegistryClient, repository: string, { digest, size }: Descriptor): BlobSource => ({
  digest,
  sizeBytes: size,
  chunks: () => client.fetchBlob(repository, { digest, size }),
});

function parseFetched<T>(
  fetched: Pick<FetchedManifest, "digest" | "bytes">,
  model: Parameters<typeof parseDocument<T>>[2],
  reference: string,
): T {
  try {
    return parseDocument(fetched.bytes.toString("utf8"), fetched.digest, model);
  } catch (cause) {
    throw documentError(fetched.digest, reference, cause);
  }
}

const documentError = (digest: string, reference: string, cause?: unknown): UnikernelError =>
  new UnikernelError("API_SHAPE", `The registry's document ${digest} for '${reference}' is not a valid OCI document.`, {
    hint: "Check that the host is an OCI registry and that the name is an image.",
    ...(cause === undefined ? {} : { cause }),
  });
