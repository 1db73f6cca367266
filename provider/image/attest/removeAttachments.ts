/** Deletes what is attached to an image that its registry no longer has. */
import * as z from "zod";
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import type { RegistryClient } from "../registry/api/client";
import { listReferrers, referrersTag, signaturesTag } from "./referrers";

const attachment = z.object({ subject: z.object({ digest: z.string() }) });

/**
 * Deletes the documents that refer to an image, their index under the fallback tag, and its signatures. Idempotent. A manifest stays if it
 * does not name the image as its subject, whatever the index says. Throws what a {@link RegistryClient} throws.
 *
 * @param repository path of the repository in the registry
 */
export async function removeAttachments(client: RegistryClient, repository: string, image: Digest): Promise<void> {
  for (const { digest } of await listReferrers(client, repository, image)) {
    if (isDigest(digest) && (await refersTo(client, repository, digest, image)))
      await client.deleteManifest(repository, digest);
  }
  for (const tag of [referrersTag(image), signaturesTag(image)]) {
    const digest = await client.resolveManifest(repository, tag);
    if (digest !== undefined) await client.deleteManifest(repository, digest);
  }
}

/** False if the manifest is gone, too. */
async function refersTo(client: RegistryClient, repository: string, digest: Digest, image: Digest): Promise<boolean> {
  try {
    const { bytes } = await client.fetchManifest(repository, digest);
    return attachment.safeParse(JSON.parse(bytes.toString("utf8"))).data?.subject.digest === image;
  } catch (error) {
    if (error instanceof SyntaxError || UnikernelError.has(error, "NOT_FOUND")) return false;
    throw error;
  }
}
