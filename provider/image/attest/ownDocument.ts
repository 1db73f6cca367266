/** Recognizes the documents that this package attaches to images, among those of other tools and teams. */
import * as z from "zod";
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { MEDIA_TYPE, descriptor } from "../oci/descriptor";
import type { RegistryClient } from "../registry/api/client";
import { EMPTY } from "./attachDocuments";
import { BUILD_TYPE, IN_TOTO_TYPE } from "./provenance";
import { SPDX_TYPE, sbomNamespace } from "./sbom";

/** What a referrer is: a document of this package, one of somebody else, or an entry whose manifest is gone. */
export type Origin = "own" | "foreign" | "gone";

/** Bytes at the beginning of a document that name its tool. */
const HEAD_BYTES = 64 * 1024;

/** Text in each kind of document that no other tool writes. */
const MARKS: Readonly<Record<string, (image: Digest) => string>> = {
  [SPDX_TYPE]: (image) => JSON.stringify(sbomNamespace(image)),
  [IN_TOTO_TYPE]: () => JSON.stringify(BUILD_TYPE),
};

/** The manifest of an attachment, with the members that this package writes and no others. */
const attachment = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MEDIA_TYPE.manifest),
  artifactType: z.string(),
  config: z.looseObject({ mediaType: z.literal(EMPTY.mediaType) }),
  layers: z.tuple([descriptor]),
  subject: z.looseObject({ digest: z.string() }),
  annotations: z.strictObject({ "in-toto.io/predicate-type": z.string() }).optional(),
});

/**
 * Tells whether an entry of an index of referrers is a document that this package attached to the image. Looks at the manifest and at the
 * beginning of the document, whatever the index says; what is not certain is foreign. Throws what a {@link RegistryClient} throws.
 *
 * @param repository path of the repository in the registry
 */
export async function originOf(
  client: RegistryClient,
  repository: string,
  entry: { readonly digest: string; readonly artifactType?: string | undefined },
  image: Digest,
): Promise<Origin> {
  const { digest, artifactType = "" } = entry;
  const mark = MARKS[artifactType]?.(image);
  if (mark === undefined || !isDigest(digest)) return "foreign";
  let bytes: Buffer;
  try {
    ({ bytes } = await client.fetchManifest(repository, digest));
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND")) return "gone";
    if (UnikernelError.has(error, "API_SHAPE")) return "foreign";
    throw error;
  }
  const manifest = parse(bytes);
  const layer = manifest?.layers[0];
  const isOurShape =
    manifest?.artifactType === artifactType && manifest.subject.digest === image && layer?.mediaType === artifactType;
  if (!isOurShape || layer === undefined) return "foreign";
  return (await readHead(client, repository, layer)).includes(mark) ? "own" : "foreign";
}

function parse(bytes: Buffer): z.infer<typeof attachment> | undefined {
  try {
    return attachment.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Empty for a blob that is missing or damaged. */
async function readHead(
  client: RegistryClient,
  repository: string,
  blob: { readonly digest: Digest; readonly size: number },
): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of client.fetchBlob(repository, blob)) {
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes >= HEAD_BYTES) break;
    }
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND", "API_SHAPE")) return "";
    throw error;
  }
  return Buffer.concat(parts).toString("utf8");
}
