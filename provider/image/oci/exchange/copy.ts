/** Copies an image from a layout to another folder, or to an OCI archive. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import * as tar from "tar-stream";
import { fromSystemError, isError } from "../../../base/errors";
import { removeIfEmpty } from "../../../base/files";
import { type BlobSource, blobFromBytes, checkedChunks } from "../blob";
import { ANNOTATION, type Descriptor, type ImageIndex, MEDIA_TYPE } from "../descriptor";
import { blobPath } from "../storedImage";
import { commit } from "../transaction";
import type { CollectedImage } from "./collect";

const READ_BYTES = 1024 * 1024;
const LAYOUT_FILE = JSON.stringify({ imageLayoutVersion: "1.0.0" });

/** All parts of an image as blobs, which are checked against their digests while they are written. */
export const toBlobSources = (folder: string, { documents, blobs }: CollectedImage): BlobSource[] => [
  ...blobs.map(({ digest, size }) => ({
    digest,
    sizeBytes: size,
    chunks: () => fs.createReadStream(blobPath(folder, digest), { highWaterMark: READ_BYTES }),
  })),
  ...documents.map(({ bytes }) => blobFromBytes(bytes)),
];

const toEntry = ({ mediaType, digest, size }: Descriptor, tag: string): Descriptor => ({
  mediaType,
  digest,
  size,
  annotations: { [ANNOTATION.refName]: tag },
});

/**
 * Adds an image to the layout in `toFolder`, which is created if necessary; an image that had the tag loses it. Throws `BUILD_FAILED`
 * (a damaged blob), `NO_SPACE`.
 *
 * @param folder the layout that has the image
 */
export async function copyToLayout(
  folder: string,
  image: CollectedImage,
  toFolder: string,
  tag: string,
  signal?: AbortSignal,
): Promise<void> {
  const entry = toEntry(image.root, tag);
  const replace = (index: ImageIndex): ImageIndex => ({
    ...index,
    manifests: [...index.manifests.filter((one) => one.annotations?.[ANNOTATION.refName] !== tag), entry],
  });
  try {
    await commit(toFolder, toBlobSources(folder, image), signal, replace);
  } catch (error) {
    throw fromSystemError(error, `writing the image to '${toFolder}'`);
  }
  await removeIfEmpty(path.join(toFolder, "staging"));
}

/**
 * Writes an image to an OCI archive, which is replaced as a whole. Equal images give equal archives. Throws `BUILD_FAILED` (a damaged
 * blob), `NO_SPACE`.
 */
export async function copyToArchive(
  folder: string,
  image: CollectedImage,
  toFile: string,
  tag: string,
  signal?: AbortSignal,
): Promise<void> {
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [toEntry(image.root, tag)] };
  const blobs = toBlobSources(folder, image).toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  const files: readonly (readonly [string, BlobSource])[] = [
    ["oci-layout", blobFromBytes(LAYOUT_FILE)],
    ["index.json", blobFromBytes(JSON.stringify(index))],
    ...blobs.map((blob) => [`blobs/sha256/${blob.digest.slice("sha256:".length)}`, blob] as const),
  ];
  const temporary = `${toFile}.${crypto.randomUUID()}`;
  try {
    await fs.promises.mkdir(path.dirname(path.resolve(toFile)), { recursive: true });
    const pack = tar.pack();
    await Promise.all([
      addFiles(pack, files, signal).catch((error: unknown) => pack.destroy(toError(error))),
      pipeline(pack, fs.createWriteStream(temporary), signal === undefined ? {} : { signal }),
    ]);
    await fs.promises.rename(temporary, toFile);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw fromSystemError(error, `writing the image to '${toFile}'`);
  } finally {
    await fs.promises.rm(temporary, { force: true });
  }
}

const toError = (error: unknown): Error => (isError(error) ? error : new Error(String(error)));

async function addFiles(
  pack: tar.Pack,
  files: readonly (readonly [string, BlobSource])[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [name, blob] of files) {
    signal?.throwIfAborted();
    const entry = pack.entry({ name, size: blob.sizeBytes, mode: 0o644, mtime: new Date(0) });
    await pipeline(checkedChunks(blob), entry);
  }
  pack.finalize();
}
