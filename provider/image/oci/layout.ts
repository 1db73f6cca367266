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
import { type BlobSource, layerBlobFromFile, blobFromLayer } from "./blob";
import { collectGarbage, commit, layoutLockFile, createStagingPath } from "./transaction";
import { LAYER_ENTRY, MEDIA_TYPE, type Descriptor, type Platform } from "./descriptor";
import {
  repositoryOf,
  matchesReference,
  referenceOf,
  readIndex,
  toStoredImage,
  withEntry,
  writeIndex,
} from "./indexJson";
import type { LayerRef } from "./layer";
import { withFileLock } from "./fileLock";
import { type RunConfig, toDescriptor, createImageDocuments } from "./documents";
import { canonicalRepository, parseReference } from "./reference";
import type { StoredImage } from "./storedImage";

/** An image to store in a layout. Kernel and initrd are existing layers, or files to pack into layers. */
export interface PutImageOptions {
  readonly repository: string;
  /** Defaults to `latest`. */
  readonly tag?: string;
  readonly platform: Platform;
  readonly config: RunConfig;
  readonly kernel: LayerRef | { readonly file: string };
  readonly initrd?: LayerRef | { readonly file: string };
  /** Annotations of the manifest; part of the digest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Annotations of the image's entry in this layout; no part of the digest. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The images in one folder. */
export interface Layout {
  readonly folder: string;
  /**
   * Stores an image under `repository:tag`; an image that had the tag remains under its digest. Blobs that are present
   * are not rewritten. Idempotent. Throws `NO_SPACE`, `BUILD_FAILED`, `INPUT_INVALID` (name).
   */
  putImage(options: PutImageOptions): Promise<{ readonly digest: Digest; readonly sizeBytes: number }>;
  /** Stores finished documents and layers, including `root` (an index or manifest); otherwise as {@link putImage}. */
  putBlobs(options: {
    readonly repository: string;
    readonly tag?: string;
    readonly root: Descriptor;
    readonly blobs: readonly BlobSource[];
    readonly facts?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  }): Promise<StoredImage>;
  /**
   * The image of a reference (`repo`, `repo:tag`, `repo@sha256:…`, with or without host and `oci://`); `undefined`
   * when the layout does not have it. Throws `INPUT_INVALID` for an invalid reference.
   */
  resolve(reference: string): Promise<StoredImage | undefined>;
  /** All images, in the order they were stored. */
  list(): Promise<readonly StoredImage[]>;
  /**
   * Removes the images of a repository except `keepDigest`, and every blob that no remaining image needs. Returns the
   * digests of the removed images; none when there is nothing to remove.
   */
  remove(repository: string, options?: { readonly keepDigest?: Digest }): Promise<readonly Digest[]>;
  /** Runs `work` with the path of a temporary file on the layout's file system, and removes the file afterwards. */
  withTemporaryFile<T>(work: (file: string) => Promise<T>): Promise<T>;
}

/** Opens the layout in `folder`, which the first write creates if necessary. */
export function openLayout(folder: string): Layout {
  const layout: Layout = {
    folder,
    putImage: async ({ repository, tag, kernel, initrd, facts, signal, ...parts }) => {
      const kernelBlob = await toBlob(kernel, LAYER_ENTRY.kernel);
      const initrdBlob = initrd === undefined ? undefined : await toBlob(initrd, LAYER_ENTRY.initrd);
      const documents = createImageDocuments({
        ...parts,
        kernel: { ...kernelBlob, ...layerEntry(kernel) },
        ...(initrdBlob === undefined ? {} : { initrd: { ...initrdBlob, ...layerEntry(initrd) } }),
      });
      const layers = [kernelBlob, ...(initrdBlob === undefined ? [] : [initrdBlob])];
      const { digest, sizeBytes } = await layout.putBlobs({
        repository,
        ...(tag === undefined ? {} : { tag }),
        root: toDescriptor(MEDIA_TYPE.index, documents.index),
        blobs: [...layers, documents.config, documents.manifest, documents.index],
        ...(facts === undefined ? {} : { facts }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { digest, sizeBytes };
    },

    putBlobs: async ({ repository, tag = "latest", root, blobs, facts, signal }) => {
      const name = canonicalRepository(parseReference(repository));
      parseReference(`${name}:${tag}`);
      try {
        await commit(folder, blobs, signal, (index) => withEntry(index, name, tag, root, facts));
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

    remove: async (repository, { keepDigest } = {}) => {
      const name = canonicalRepository(parseReference(repository));
      if (!(await fileExists(path.join(folder, "index.json")))) return [];
      return withFileLock(layoutLockFile(folder), async () => {
        const index = await readIndex(folder);
        const isRemoved = (entry: Descriptor): boolean => entry.digest !== keepDigest && repositoryOf(entry) === name;
        const removed = index.manifests.filter(isRemoved);
        const remaining = index.manifests.filter((entry) => !isRemoved(entry));
        if (removed.length > 0) await writeIndex(folder, { ...index, manifests: remaining });
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

const toBlob = (part: LayerRef | { readonly file: string }, entry: string): Promise<BlobSource> | BlobSource =>
  "file" in part ? layerBlobFromFile(part.file, entry) : blobFromLayer(part);

const layerEntry = (part: LayerRef | { readonly file: string } | undefined): { entry: string } | object =>
  part !== undefined && "entry" in part ? { entry: part.entry } : {};
