/** Keeps the last images of a repository, so that a rollback finds its image, and deletes older ones. */
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { findAttachments, removeAttachments } from "../attest/removeAttachments";
import { parseReference } from "../oci/reference";
import { type RegistryClient, createRegistryClient } from "./api/client";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/** What is kept and what may go. */
export interface RetentionPlan {
  /** Newest first. */
  readonly keep: readonly Digest[];
  /** Newest first. */
  readonly remove: readonly Digest[];
}

/**
 * Decides which digests of a repository may be deleted: all but the last `keepVersions` and those in use. Pure.
 *
 * @param history digests that were pushed, newest first; one that was pushed again counts from its newest entry
 * @param inUse digests that instances or services run, or that a template needs
 */
export function planRetention(
  history: readonly string[],
  { keepVersions, inUse = [] }: { readonly keepVersions: number; readonly inUse?: readonly string[] },
): RetentionPlan {
  const digests = [...new Set(history)].filter(isDigest);
  const isKept = (digest: Digest, at: number): boolean => at < keepVersions || inUse.includes(digest);
  return {
    keep: digests.filter(isKept),
    remove: digests.filter((digest, at) => !isKept(digest, at)),
  };
}

/** An image that was not deleted. */
export interface KeptImage {
  readonly digest: Digest;
  /** Sentence for a warning. */
  readonly reason: string;
}

/** What a deletion has done. */
export interface RemovalResult {
  /** Images that are gone now, also those that were gone before. */
  readonly removed: readonly Digest[];
  readonly kept: readonly KeptImage[];
}

/**
 * Deletes images of a repository by digest, each with what this package attached to it. An image whose attachments cannot be deleted is
 * kept, so that the next removal finds them again. A registry that does not allow it, or that fails, is reported and not fatal: an image too
 * many harms nobody. Throws `INPUT_INVALID` (no repository), or the signal's reason.
 */
export async function removeImages(
  repository: string,
  digests: readonly Digest[],
  access: RegistryAccess = {},
): Promise<RemovalResult> {
  const endpoint = resolveEndpoint(parseReference(repository));
  const client = createRegistryClient({ ...access, registry: endpoint.registry });
  const removed: Digest[] = [];
  const kept: KeptImage[] = [];
  for (const digest of digests) {
    try {
      if ((await removeImage(client, endpoint.repository, digest)) === "unsupported")
        kept.push({ digest, reason: `The registry '${endpoint.registry}' does not allow deletion.` });
      else removed.push(digest);
    } catch (error) {
      access.signal?.throwIfAborted();
      if (!UnikernelError.is(error)) throw error;
      kept.push({ digest, reason: error.message });
    }
  }
  return { removed, kept };
}

/** The image goes last: what refers to an image that is gone is not found in every registry. */
async function removeImage(
  client: RegistryClient,
  repository: string,
  image: Digest,
): Promise<"deleted" | "missing" | "unsupported"> {
  const attachments = await findAttachments(client, repository, image);
  if ((await removeAttachments(client, repository, image, attachments)) === "unsupported") return "unsupported";
  return client.deleteManifest(repository, image);
}
