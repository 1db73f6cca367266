/** Fetches the documents of an image from its registry, and checks them: indexes, manifest, config. */
import { UnikernelError } from "../../base/errors";
import type * as z from "zod";
import { type Descriptor, imageConfig, imageIndex, imageManifest, isIndexType } from "../oci/descriptor";
import { type PlatformChoice, chooseManifest } from "../oci/platformChoice";
import type { Reference } from "../oci/reference";
import { MAX_DOCUMENT_BYTES, parseDocument } from "../oci/storedImage";
import type { RegistryClient } from "./api/client";
import type { FetchedManifest } from "./api/manifests";
import { resolveEndpoint } from "./endpoint";

/** Indexes inside of indexes, up to this depth. */
const MAX_DEPTH = 4;

/** The documents that lead to the manifest of one platform. */
export interface FetchedDocuments {
  /** Indexes, if any, then the manifest. */
  readonly documents: readonly [FetchedManifest, ...FetchedManifest[]];
  readonly manifest: z.output<typeof imageManifest>;
}

/** The tag or digest of a reference. */
const versionOf = ({ digest, tag }: Reference): string => digest ?? tag ?? "latest";

/**
 * Fetches the manifest of one platform and the indexes above it. Throws what a {@link RegistryClient} throws.
 *
 * @param text the reference as given, for messages
 * @param missing the error for an image without this platform
 */
export async function fetchDocuments(
  client: RegistryClient,
  reference: Reference,
  { text, platform }: { readonly text: string; readonly platform: PlatformChoice },
  missing: (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError,
): Promise<FetchedDocuments> {
  const { repository } = resolveEndpoint(reference);
  let last = await client.fetchManifest(repository, versionOf(reference));
  const documents: [FetchedManifest, ...FetchedManifest[]] = [last];
  while (isIndexType(last.mediaType)) {
    const { manifests } = parseFetched(last, imageIndex, text);
    const chosen = documents.length <= MAX_DEPTH ? chooseManifest(manifests, platform) : undefined;
    if (chosen === undefined) throw missing(last, manifests);
    documents.push((last = await client.fetchManifest(repository, chosen.digest)));
  }
  return { documents, manifest: parseFetched(last, imageManifest, text) };
}

/** Fetches a config, at most 4 MiB. Other artefacts, such as Helm charts, have manifests too: their configs throw `API_SHAPE`. */
export async function fetchConfig(
  client: RegistryClient,
  reference: Reference,
  descriptor: Descriptor,
  text: string,
): Promise<{ readonly config: z.output<typeof imageConfig>; readonly bytes: Buffer }> {
  if (descriptor.size > MAX_DOCUMENT_BYTES) throw documentError(descriptor.digest, text);
  const parts: Uint8Array[] = [];
  for await (const part of client.fetchBlob(resolveEndpoint(reference).repository, descriptor)) parts.push(part);
  const bytes = Buffer.concat(parts);
  return { config: parseFetched({ digest: descriptor.digest, bytes }, imageConfig, text), bytes };
}

function parseFetched<T>(
  { digest, bytes }: Pick<FetchedManifest, "digest" | "bytes">,
  model: z.ZodType<T>,
  text: string,
): T {
  try {
    return parseDocument(bytes.toString("utf8"), digest, model);
  } catch (cause) {
    throw documentError(digest, text, cause);
  }
}

const documentError = (digest: string, text: string, cause?: unknown): UnikernelError =>
  new UnikernelError("API_SHAPE", `The registry's document ${digest} for '${text}' is not a valid OCI document.`, {
    hint: "Check that the host is an OCI registry and that the name is an image.",
    ...(cause === undefined ? {} : { cause }),
  });
