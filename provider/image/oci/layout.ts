/**
 * An OCI image layout: a folder of images that the provider writes while the local platform reads it.
 *
 * Source: OCI image-spec 1.1, image-layout.md. Each entry of `index.json` is one image under one name, in the
 * annotation `org.opencontainers.image.ref.name`: `repository:tag`, or `repository@digest` for an image whose tag has
 * moved to a newer image; it stays until it is removed.
 *
 * Several processes may write: each stages its blobs under unique names in `staging/`; then, under a lock, it renames
 * them into place and replaces `index.json`. Garbage collection takes the same lock, so no blob disappears between the
 * check that it is present and the entry that refers to it; a blob collected earlier is staged again. Readers need no
 * lock, since every file appears atomically.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { fileExists } from "../../base/files";
import type { BlobSource } from "./blob";
import { collectGarbage, commit, layoutLockFile, createStagingPath } from "./transaction";
import type { Descriptor } from "./descriptor";
import { type PlatformImage, packImages } from "./imageBlobs";
import {
  repositoryOf,
  matchesReference,
  referenceOf,
  readIndex,
  toStoredImage,
  withEntry,
  withUntaggedEntry,
  writeIndex,
} from "./indexJson";
import { withFileLock } from "./fileLock";
import { canonicalRepository, parseReference } from "./reference";
import { withoutOwner } from "./repositoryOwner";
import type { StoredImage } from "./storedImage";

/** Where and how an image is stored in a layout. */
export interface StoreOptions {
  readonly repository: string;
  /** Defaults to `latest`. */
  readonly tag?: string;
  /** Stores the image under its digest only, and moves no tag. Defaults to false. */
  readonly isUntagged?: boolean;
  /** Annotations of the image's entry in this layout; no part of the digest. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An image of one platform to store in a layout. */
export interface PutImageOptions extends StoreOptions, PlatformImage {}

/** The images in one folder. */
export interface Layout {
  readonly folder: string;
  /**
   * Stores an image under `repository:tag`; an image that had the tag remains under its digest. Blobs that are present
   * are not rewritten. Idempotent. Throws `NO_SPACE`, `BUILD_FAILED`, `INPUT_INVALID` (name).
   */
  putImage(options: PutImageOptions): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>;
  /** Stores one image for several platforms; otherwise as {@link putImage}. */
  putImages(
    images: readonly PlatformImage[],
    options: StoreOptions,
  ): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>;
  /** Stores finished documents and layers, including `root` (an index or manifest); otherwise as {@link putImage}. */
  putBlobs(
    options: StoreOptions & { readonly root: Descriptor; readonly blobs: readonly BlobSource[] },
  ): Promise<StoredImage>;
  /**
   * The image of a reference (`repo`, `repo:tag`, `repo@sha256:…`, with or without host and `oci://`); `undefined`
   * when the layout does not have it. Throws `INPUT_INVALID` for an invalid reference.
   */
  resolve(reference: string): Promise<StoredImage | undefined>;
  /** All images, in the order they were stored. */
  list(): Promise<readonly StoredImage[]>;
  /**
   * Removes the images of a repository, with its owner if none is left, and every blob that no remaining image needs. Returns the digests
   * of the removed images; none when there is nothing to remove.
   *
   * @param isKept true for the digest of an image that stays; by default none stays
   */
  remove(repository: string, isKept?: (digest: Digest) => boolean): Promise<readonly Digest[]>;
  /** Runs `work` with the path of a temporary file on the layout's file system, and removes the file afterwards. */
  withTemporaryFile<T>(work: (file: string) => Promise<T>): Promise<T>;
}

/** Opens the layout in `folder`, which the first write creates if necessary. */
export function openLayout(folder: string): Layout {
  const layout: Layout = {
    folder,
    putImage: (options) => layout.putImages([options], options),

    putImages: async (images, options) => {
      const { digest, sizeBytes } = await layout.putBlobs({ ...options, ...(await packImages(images)) });
      return { digest, sizeBytes };
    },

    putBlobs: async ({ repository, tag = "latest", isUntagged = false, root, blobs, facts, signal }) => {
      const name = canonicalRepository(parseReference(repository));
      parseReference(`${name}:${tag}`);
      try {
        await commit(folder, blobs, signal, (index) =>
          isUntagged ? withUntaggedEntry(index, name, root, facts) : withEntry(index, name, tag, root, facts),
        );
      } catch (error) {
        throw fromSystemError(error, `storing the image '${name}:${tag}'`);
      }
      const stored = await layout.resolve(`${name}@${root.digest}`);
      if (stored !== undefined) return stored;
      throw new UnikernelError("BUILD_FAILED", `The image '${name}:${tag}' was removed while it was being stored.`);
    },

    resolve: async (text) => {
      const reference = parseReference(text);
      const entries = (await readIndex(folder)).manifests.filter((entry) => matchesReference(entry, reference));
      const named = entries.find((entry) => referenceOf(entry)?.tag !== undefined) ?? entries[0];
      return named && toStoredImage(folder, named);
    },

    list: async () => {
      const { manifests } = await readIndex(folder);
      const images = await Promise.all(manifests.map((entry) => toStoredImage(folder, entry)));
      return images.filter((image) => image !== undefined);
    },

    remove: async (repository, isKept = () => false) => {
      const name = canonicalRepository(parseReference(repository));
      if (!(await fileExists(path.join(folder, "index.json")))) return [];
      return withFileLock(layoutLockFile(folder), async () => {
        const index = await readIndex(folder);
        const isRemoved = (entry: Descriptor): boolean => repositoryOf(entry) === name && !isKept(entry.digest);
        const removed = index.manifests.filter(isRemoved);
        const remaining = index.manifests.filter((entry) => !isRemoved(entry));
        const isLeft = remaining.some((entry) => repositoryOf(entry) === name);
        const freed = isLeft ? index : withoutOwner(index, name);
        if (removed.length > 0 || freed !== index) await writeIndex(folder, { ...freed, manifests: remaining });
        await collectGarbage(folder, remaining);
        return [...new Set(removed.map((entry) => entry.digest))];
      });
    },

    withTemporaryFile: async (work) => {
      const file = await createStagingPath(folder);
      try {
        return await work(file);
      } finally {
        await fs.rm(file, { force: true });
      }
    },
  };
  return layout;
}
