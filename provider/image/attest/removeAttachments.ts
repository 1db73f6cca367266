/** Finds and deletes what this package attached to an image in its registry. */
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { MEDIA_TYPE } from "../oci/descriptor";
import { formatReference } from "../oci/reference";
import type { RegistryClient } from "../registry/api/client";
import type { FetchedManifest } from "../registry/api/manifests";
import { type Origin, originOf } from "./ownDocument";
import { type Referrer, readReferrers, referrersTag, signaturesTag } from "./referrers";
import { isOwnSignature } from "./signature";

/** What this package attached to an image. */
export interface OwnAttachments {
  /** Manifests to delete: documents, the signature, and the index of referrers if it lists nothing else. */
  readonly manifests: readonly Digest[];
  /** What to store under the fallback tag: its index with the entries of others; `undefined` to store nothing. */
  readonly remainingIndex: Buffer | undefined;
}

/**
 * Finds the documents and the signature that this package attached. What others attached is left out, and so is what is not certain, such
 * as one of several signatures: whoever may push a tag can put any manifest under the tags of referrers and signatures.
 *
 * A registry that does not list referrers, or refuses to, counts as one without that API. Throws what a {@link RegistryClient} throws.
 *
 * @param repository path of the repository in the registry
 */
export async function findAttachments(
  client: RegistryClient,
  repository: string,
  image: Digest,
): Promise<OwnAttachments> {
  const fromApi = await fetchReferrers(client, repository, image);
  const origins = new Map<string, Origin>();
  const findOrigins = async (entries: readonly Referrer[]): Promise<void> => {
    for (const entry of entries) {
      if (!origins.has(entry.digest)) origins.set(entry.digest, await originOf(client, repository, entry, image));
    }
  };
  await findOrigins((fromApi && readReferrers(fromApi)?.manifests) ?? []);
  const fallback = await fetchIfPresent(client, repository, referrersTag(image));
  const index = fallback?.mediaType === MEDIA_TYPE.index ? readReferrers(fallback.bytes) : undefined;
  const entries = index?.manifests ?? [];
  await findOrigins(entries);
  const rest = entries.filter(({ digest }) => origins.get(digest) === "foreign");
  const isIndexDeleted = entries.length > 0 && rest.length === 0;
  const signature = await fetchIfPresent(client, repository, signaturesTag(image));
  const name = formatReference({ registry: client.registry, repository });
  const isSignatureOwn = signature !== undefined && isOwnSignature(signature.bytes, name, image);
  const isIndexStored = !isIndexDeleted && rest.length < entries.length;
  return {
    manifests: [
      ...[...origins].flatMap(([digest, origin]) => (origin === "own" && isDigest(digest) ? [digest] : [])),
      ...(isIndexDeleted && fallback !== undefined ? [fallback.digest] : []),
      ...(isSignatureOwn ? [signature.digest] : []),
    ],
    remainingIndex: isIndexStored ? Buffer.from(JSON.stringify({ ...index, manifests: rest })) : undefined,
  };
}

/**
 * Deletes attachments. Idempotent. `unsupported` if the registry does not allow deletion. Throws what a {@link RegistryClient} throws.
 *
 * @param repository path of the repository in the registry
 */
export async function removeAttachments(
  client: RegistryClient,
  repository: string,
  image: Digest,
  { manifests, remainingIndex }: OwnAttachments,
): Promise<"deleted" | "unsupported"> {
  for (const digest of manifests)
    if ((await client.deleteManifest(repository, digest)) === "unsupported") return "unsupported";
  if (remainingIndex !== undefined)
    await client.putManifest(repository, referrersTag(image), { mediaType: MEDIA_TYPE.index, bytes: remainingIndex });
  return "deleted";
}

async function fetchReferrers(client: RegistryClient, repository: string, image: Digest): Promise<Buffer | undefined> {
  try {
    return await client.fetchReferrers(repository, image);
  } catch (error) {
    if (UnikernelError.is(error)) return undefined; // if the registry is down, the next request says so
    throw error;
  }
}

/** `undefined` also for what is no manifest. */
async function fetchIfPresent(
  client: RegistryClient,
  repository: string,
  tag: string,
): Promise<FetchedManifest | undefined> {
  try {
    return await client.fetchManifest(repository, tag);
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND", "API_SHAPE")) return undefined;
    throw error;
  }
}
