/** Pushes an image from a layout to a registry, or copies it to a folder or an archive. */
import * as fs from "node:fs";
import type { Digest } from "../../base/digest";
import { errorMessage, UnikernelError } from "../../base/errors";
import { Semaphore } from "../../base/semaphore";
import type { Descriptor } from "../oci/descriptor";
import { type CollectedImage, collectImage, findRoot } from "../oci/exchange/collect";
import { copyToArchive, copyToLayout } from "../oci/exchange/copy";
import { parseDestination } from "../oci/exchange/destination";
import type { Layout } from "../oci/layout";
import { type Reference, parseReference } from "../oci/reference";
import { blobPath } from "../oci/storedImage";
import { type RegistryClient, createRegistryClient } from "./api/client";
import type { UploadSource } from "./api/upload";
import { resolveEndpoint } from "./endpoint";
import type { RegistryAccess } from "./pull";

/** Blobs that are sent at a time. */
const PARALLEL_UPLOADS = 4;
const READ_BYTES = 1024 * 1024;

/** Bytes of one blob that have been sent. */
export interface PushProgress {
  readonly digest: Digest;
  readonly sentBytes: number;
  readonly sizeBytes: number;
}

/** Options of {@link pushImage}. */
export interface PushOptions extends RegistryAccess {
  /** Reference of an image that shares blobs, such as the runtime's; used if it is in the same registry. */
  readonly mountFrom?: string | undefined;
  readonly onProgress?: ((progress: PushProgress) => void) | undefined;
}

/** What a push has done. */
export interface PushResult {
  /** Digest of the image, as in the layout. */
  readonly digest: Digest;
  /** Blobs that were sent. */
  readonly uploadedBlobs: readonly Digest[];
  /** Blobs that the registry had, or took from `mountFrom`. */
  readonly skippedBlobs: readonly Digest[];
}

/**
 * Copies an image of a layout to a destination (see `parseDestination`); without a tag or digest the tag is `latest`. Sends only what the
 * registry lacks: blobs, then manifests by digest, then the index.
 *
 * Throws `NOT_FOUND` (not in the layout), `INPUT_INVALID` (destination), `BUILD_FAILED` (an incomplete or damaged layout), `NO_SPACE`, and
 * what a {@link RegistryClient} throws.
 *
 * @param referenceOrDigest the image in the layout
 */
export async function pushImage(
  layout: Layout,
  referenceOrDigest: string,
  destination: string,
  options: PushOptions = {},
): Promise<PushResult> {
  const target = parseDestination(destination);
  const image = await collectImage(layout.folder, await findRoot(layout.folder, referenceOrDigest));
  if (target.type === "registry") return pushToRegistry(layout.folder, image, target.reference, options);
  if (target.type === "layout") await copyToLayout(layout.folder, image, target.folder, target.tag, options.signal);
  else await copyToArchive(layout.folder, image, target.file, target.tag, options.signal);
  return { digest: image.root.digest, uploadedBlobs: image.blobs.map((blob) => blob.digest), skippedBlobs: [] };
}

async function pushToRegistry(
  folder: string,
  image: CollectedImage,
  reference: Reference,
  { mountFrom, onProgress, ...access }: PushOptions,
): Promise<PushResult> {
  const { root, documents, blobs } = image;
  if (reference.digest !== undefined && reference.digest !== root.digest) {
    throw new UnikernelError("INPUT_INVALID", `The image ${root.digest} cannot be pushed as ${reference.digest}.`, {
      hint: "Leave the digest of the destination out.",
    });
  }
  const { registry, repository } = resolveEndpoint(reference);
  const client = createRegistryClient({ ...access, registry });
  const tag = reference.tag ?? (reference.digest === undefined ? "latest" : undefined);
  // A registry keeps the blobs of its manifests, so that an image with all documents is complete. Some lose a manifest below an index.
  const isComplete = await hasDocuments(client, repository, image);
  const uploads = isComplete
    ? blobs.map(({ digest }) => ({ digest, wasSent: false }))
    : await sendBlobs(
        client,
        repository,
        folder,
        blobs,
        mountSource(registry, repository, mountFrom),
        onProgress,
        access.signal,
      );
  const isTagged = tag === undefined || (isComplete && (await client.resolveManifest(repository, tag)) === root.digest);
  for (const { descriptor, bytes } of documents) {
    const { digest, mediaType } = descriptor;
    const isRoot = digest === root.digest;
    if (isRoot ? isComplete && isTagged : isComplete) continue;
    await client.putManifest(repository, (isRoot ? tag : undefined) ?? digest, { mediaType, bytes });
  }
  const digests = (wasSent: boolean) => uploads.filter((one) => one.wasSent === wasSent).map(({ digest }) => digest);
  return { digest: root.digest, uploadedBlobs: digests(true), skippedBlobs: digests(false) };
}

async function hasDocuments(
  client: RegistryClient,
  repository: string,
  { documents }: CollectedImage,
): Promise<boolean> {
  for (const { descriptor } of documents.toReversed())
    // a registry that lacks the image lacks its index
    if ((await client.resolveManifest(repository, descriptor.digest)) === undefined) return false;
  return true;
}

/** The repository to mount from; `undefined` if it is in another registry, or is the destination. */
function mountSource(registry: string, repository: string, mountFrom: string | undefined): string | undefined {
  if (mountFrom === undefined) return undefined;
  const source = resolveEndpoint(parseReference(mountFrom));
  return source.registry === registry && source.repository !== repository ? source.repository : undefined;
}

async function sendBlobs(
  client: RegistryClient,
  repository: string,
  folder: string,
  blobs: readonly Descriptor[],
  mountFrom: string | undefined,
  onProgress: PushOptions["onProgress"],
  signal: AbortSignal | undefined,
): Promise<readonly { readonly digest: Digest; readonly wasSent: boolean }[]> {
  const permits = new Semaphore(PARALLEL_UPLOADS);
  const failed = new AbortController();
  const sendOne = async (blob: Descriptor) => {
    const release = await permits.acquire(signal);
    try {
      failed.signal.throwIfAborted();
      const { digest, size } = blob;
      if (await client.hasBlob(repository, blob)) return { digest, wasSent: false };
      const result = await client.uploadBlob(repository, toUploadSource(folder, blob), {
        mountFrom,
        onProgress: (sentBytes) => onProgress?.({ digest, sentBytes, sizeBytes: size }),
      });
      return { digest, wasSent: result === "uploaded" };
    } catch (error) {
      failed.abort(error); // blobs that have not begun are not sent
      throw error;
    } finally {
      release();
    }
  };
  const results = await Promise.allSettled(blobs.map(sendOne));
  failed.signal.throwIfAborted();
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

function toUploadSource(folder: string, { digest, size }: Descriptor): UploadSource {
  const file = blobPath(folder, digest);
  return {
    digest,
    sizeBytes: size,
    read: (start, end) => readRange(file, start, end),
  };
}

async function* readRange(file: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = start;
  try {
    for await (const chunk of fs.createReadStream(file, { start, end: end - 1, highWaterMark: READ_BYTES })) {
      const bytes = chunk as Uint8Array; // no encoding is set
      at += bytes.length;
      yield bytes;
    }
    if (at < end) throw new Error("it is too short");
  } catch (cause) {
    throw new UnikernelError("BUILD_FAILED", `The blob '${file}' could not be read: ${errorMessage(cause)}.`, {
      hint: "Build the image again.",
      cause,
    });
  }
}
