/** Fetches the documents of an image from its registry, and checks them: indexes, manifest, config. */
import { UnikernelError } from "../../base/errors";
import type * as z from "zod";
import { type Descriptor, imageConfig, imageIndex, imageManifest, isIndexType } from "../oci/descriptor";
import { type PlatformChoice, chooseManifest, isAttestation } from "../oci/platformChoice";
import type { Reference } from "../oci/reference";
import { MAX_DOCUMENT_BYTES, parseDocument } from "../oci/storedImage";
import type { RegistryClient } from "./api/client";
import type { FetchedManifest } from "./api/manifests";
import { resolveEndpoint } from "./endpoint";

/** Indexes inside of indexes, up to this depth. */
const MAX_DEPTH = 4;
/** Documents of one image that are fetched; a real one has a manifest for each platform. */
const MAX_DOCUMENTS = 64;

type ImageManifest = z.output<typeof imageManifest>;

/** Documents of an image. */
export interface FetchedDocuments {
  /** Indexes, if any, and manifests, each once; the root is the first, and what refers to a document comes before it. */
  readonly documents: readonly [FetchedManifest, ...FetchedManifest[]];
  readonly manifests: readonly [ImageManifest, ...ImageManifest[]];
}

/** The tag or digest of a reference. */
const versionOf = ({ digest, tag }: Reference): string => digest ?? tag ?? "latest";

/**
 * Fetches the manifest of each wanted platform and the indexes above them. Throws what a {@link RegistryClient} throws.
 *
 * @param text the reference as given, for messages
 * @param platforms the manifests are in their order
 * @param missing the error for an image without one of them
 */
export async function fetchDocuments(
  client: RegistryClient,
  reference: Reference,
  { text, platforms }: { readonly text: string; readonly platforms: readonly [PlatformChoice, ...PlatformChoice[]] },
  missing: (root: FetchedManifest, manifests: readonly Descriptor[]) => UnikernelError,
): Promise<FetchedDocuments> {
  const { repository } = resolveEndpoint(reference);
  const root = await client.fetchManifest(repository, versionOf(reference));
  const fetched = new Map<string, FetchedManifest>();
  const findManifest = async (platform: PlatformChoice): Promise<ImageManifest> => {
    let last = root;
    for (let depth = 0; isIndexType(last.mediaType); depth++) {
      const { manifests } = parseFetched(last, imageIndex, text);
      const chosen = depth < MAX_DEPTH ? chooseManifest(manifests, platform) : undefined;
      if (chosen === undefined) throw missing(last, manifests);
      last = fetched.get(chosen.digest) ?? (await client.fetchManifest(repository, chosen.digest));
      fetched.set(chosen.digest, last);
    }
    return parseFetched(last, imageManifest, text);
  };
  const [first, ...others] = platforms;
  const manifests: [ImageManifest, ...ImageManifest[]] = [await findManifest(first)];
  for (const platform of others) manifests.push(await findManifest(platform));
  return { documents: [root, ...fetched.values()], manifests };
}

/**
 * Fetches the manifests of all platforms and the indexes above them. Throws `NOT_FOUND` if one is missing, `API_SHAPE` for an image of
 * more than 64 documents or without a platform, and what else a {@link RegistryClient} throws.
 */
export async function fetchAllDocuments(
  client: RegistryClient,
  reference: Reference,
  text: string,
): Promise<FetchedDocuments> {
  const { repository } = resolveEndpoint(reference);
  const documents: [FetchedManifest, ...FetchedManifest[]] = [
    await client.fetchManifest(repository, versionOf(reference)),
  ];
  const manifests: ImageManifest[] = [];
  for (const document of documents) {
    // The loop also sees what it adds.
    if (!isIndexType(document.mediaType)) {
      manifests.push(parseFetched(document, imageManifest, text));
      continue;
    }
    for (const entry of parseFetched(document, imageIndex, text).manifests) {
      if (isAttestation(entry) || documents.some(({ digest }) => digest === entry.digest)) continue;
      if (documents.length === MAX_DOCUMENTS) throw documentError(documents[0].digest, text);
      documents.push(await client.fetchManifest(repository, entry.digest));
    }
  }
  const [first, ...others] = manifests;
  if (first === undefined) throw documentError(documents[0].digest, text);
  return { documents, manifests: [first, ...others] };
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
