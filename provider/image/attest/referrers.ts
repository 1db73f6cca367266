/**
 * What refers to an image in its registry: the referrers of OCI 1.1, in registries without that API the index with the tag `sha256-<hex>`.
 *
 * Source: OCI distribution-spec 1.1, "Listing Referrers", "Referrers Tag Schema".
 */
import * as z from "zod";
import type { Digest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { MEDIA_TYPE } from "../oci/descriptor";
import type { RegistryClient } from "../registry/api/client";

/** An entry of an index of referrers. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | null | undefined;
}

const referrersIndex = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(
    z.looseObject({
      mediaType: z.string(),
      digest: z.string(),
      size: z.int().min(0),
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).nullish(),
    }),
  ),
});

/** The tag of an image's referrers in registries without the API. */
export const referrersTag = (subject: Digest): string => subject.replace(":", "-");

/** The tag of an image's signatures. Source: sigstore/cosign `specs/SIGNATURE_SPEC.md`. */
export const signaturesTag = (image: Digest): string => `${referrersTag(image)}.sig`;

/**
 * The index with the fallback tag; without entries if there is none. Throws `API_SHAPE` for what is no index, and what a
 * {@link RegistryClient} throws.
 */
export async function fetchFallbackIndex(
  client: RegistryClient,
  repository: string,
  subject: Digest,
): Promise<z.infer<typeof referrersIndex>> {
  const tag = referrersTag(subject);
  if ((await client.resolveManifest(repository, tag)) === undefined)
    return { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] };
  const index = readReferrers((await client.fetchManifest(repository, tag)).bytes);
  if (index !== undefined) return index;
  throw new UnikernelError("API_SHAPE", `The registry's index of referrers '${tag}' is not a valid OCI document.`, {
    hint: "Remove that tag from the registry.",
  });
}

/** Parses an index of referrers; `undefined` for what is none. Pure. */
export function readReferrers(bytes: Buffer): z.infer<typeof referrersIndex> | undefined {
  try {
    return referrersIndex.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
