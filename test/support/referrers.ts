/** What refers to an image in a registry, with and without the referrers API. */
import assert from "node:assert/strict";
import type { Digest } from "../../provider/base/digest";
import { type Referrer, fetchFallbackIndex, readReferrers } from "../../provider/image/attest/referrers";
import type { RegistryClient } from "../../provider/image/registry/api/client";

/** The referrers of an image, in the registry's order. `repository` is its path in the registry. */
export async function listReferrers(
  client: RegistryClient,
  repository: string,
  image: Digest,
): Promise<readonly Referrer[]> {
  const fromApi = await client.fetchReferrers(repository, image);
  const index =
    fromApi === undefined
      ? await fetchFallbackIndex(client, repository, image)
      : (readReferrers(fromApi) ?? assert.fail("not an index of referrers"));
  return index.manifests;
}
