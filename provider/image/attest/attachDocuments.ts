/**
 * Attaches documents about an image to it in its registry, as referrers.
 *
 * Source: OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage".
 */
import { type Digest, digestOf } from "../../base/digest";
import { MEDIA_TYPE, type Descriptor } from "../oci/descriptor";
import { parseReference } from "../oci/reference";
import { type RegistryClient, createRegistryClient } from "../registry/api/client";
import type { UploadSource } from "../registry/api/upload";
import { resolveEndpoint } from "../registry/endpoint";
import type { RegistryAccess } from "../registry/pull";
import { type Referrer, fetchFallbackIndex, referrersTag } from "./referrers";

/** Media type and content of an empty config. Source: image-spec, "Guidance for an Empty Descriptor". */
export const EMPTY = { mediaType: "application/vnd.oci.empty.v1+json", bytes: Buffer.from("{}") };

/** A document about an image. */
export interface Attachment {
  /** What kind of document it is: `application/spdx+json`. */
  readonly artifactType: string;
  readonly bytes: Uint8Array;
  /** Annotations of the manifest around it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest of an attachment. It contains no time, so that an equal document has an equal digest. Pure. */
export function createAttachmentManifest(
  subject: Descriptor,
  { artifactType, bytes, annotations }: Attachment,
): Buffer {
  const describe = (mediaType: string, content: Uint8Array): Descriptor => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      artifactType,
      config: describe(EMPTY.mediaType, EMPTY.bytes),
      layers: [describe(artifactType, bytes)],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      ...(annotations === undefined ? {} : { annotations }),
    }),
  );
}

/**
 * Attaches documents to an image that its registry already has, and returns the digests of their manifests. Idempotent. Throws
 * `INPUT_INVALID`, and what a {@link RegistryClient} throws.
 *
 * @param repository of the image, without tag and digest
 * @param subject descriptor of the image's index
 */
export async function attachDocuments(
  repository: string,
  subject: Descriptor,
  attachments: readonly Attachment[],
  access: RegistryAccess = {},
): Promise<readonly Digest[]> {
  const endpoint = resolveEndpoint(parseReference(repository));
  const client = createRegistryClient({ ...access, registry: endpoint.registry });
  const digests: Digest[] = [];
  for (const attachment of attachments) {
    for (const bytes of [EMPTY.bytes, attachment.bytes]) await sendBytes(client, endpoint.repository, bytes);
    const bytes = createAttachmentManifest(subject, attachment);
    const digest = digestOf(bytes);
    const manifest = { mediaType: MEDIA_TYPE.manifest, bytes };
    const { handlesSubject } = await client.putManifest(endpoint.repository, digest, manifest);
    if (!handlesSubject) await addToFallbackIndex(client, endpoint.repository, subject.digest, attachment, manifest);
    digests.push(digest);
  }
  return digests;
}

/** Uploads bytes unless the registry has them. */
export async function sendBytes(client: RegistryClient, repository: string, bytes: Uint8Array): Promise<void> {
  const source: UploadSource = {
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
    read: (start, end) => [bytes.subarray(start, end)],
  };
  if (await client.hasBlob(repository, { digest: source.digest, size: source.sizeBytes })) return;
  await client.uploadBlob(repository, source);
}

async function addToFallbackIndex(
  client: RegistryClient,
  repository: string,
  subject: Digest,
  { artifactType, annotations }: Attachment,
  { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Uint8Array },
): Promise<void> {
  const index = await fetchFallbackIndex(client, repository, subject);
  const digest = digestOf(bytes);
  if (index.manifests.some((entry) => entry.digest === digest)) return;
  const entry: Referrer = { mediaType, digest, size: bytes.length, artifactType, ...(annotations && { annotations }) };
  const text = JSON.stringify({ ...index, manifests: [...index.manifests, entry] });
  await client.putManifest(repository, referrersTag(subject), {
    mediaType: MEDIA_TYPE.index,
    bytes: Buffer.from(text),
  });
}
