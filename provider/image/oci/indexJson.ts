/** `index.json` of a layout: the images it contains and their names. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { hasErrorCode } from "../../base/errors";
import { writeFileAtomic } from "../../base/files";
import {
  ANNOTATION,
  GIVEN_FILES_ANNOTATION,
  MEDIA_TYPE,
  type Descriptor,
  type ImageIndex,
  imageIndex,
} from "./descriptor";
import { type Reference, canonicalRepository, formatReference, parseReference } from "./reference";
import { type StoredImage, parseDocument, readImage } from "./storedImage";

/**
 * Adds `root` as `repository:tag`; returns the same object when the index already has that entry.
 *
 * @param facts other annotations of the entry
 */
export function withEntry(
  index: ImageIndex,
  repository: string,
  tag: string,
  root: Descriptor,
  facts: Readonly<Record<string, string>> = {},
): ImageIndex {
  const name = formatReference({ repository, tag });
  const refName = (entry: Descriptor): string | undefined => entry.annotations?.[ANNOTATION.refName];
  const isSame = ({ digest, annotations }: Descriptor): boolean =>
    digest === root.digest && Object.entries(facts).every(([key, value]) => annotations?.[key] === value);
  if (index.manifests.some((entry) => refName(entry) === name && isSame(entry))) return index;
  const untagged = (digest: Digest): string => `${repository}@${digest}`;
  const manifests = index.manifests
    .filter((entry) => refName(entry) !== untagged(root.digest))
    .filter((entry) => refName(entry) !== name || entry.digest !== root.digest)
    .map((entry) => (refName(entry) === name ? withRefName(entry, untagged(entry.digest)) : entry));
  const annotations = { ...facts, [ANNOTATION.refName]: name, [ANNOTATION.created]: new Date().toISOString() };
  return { ...index, manifests: [...uniqueByName(manifests), { ...root, annotations }] };
}

/** Adds `root` as `repository@digest`; returns the same object when the index already has it, with or without a tag. */
export function withUntaggedEntry(
  index: ImageIndex,
  repository: string,
  root: Descriptor,
  facts: Readonly<Record<string, string>> = {},
): ImageIndex {
  const isPresent = index.manifests.some((entry) => entry.digest === root.digest && repositoryOf(entry) === repository);
  if (isPresent) return index;
  const name = `${repository}@${root.digest}`;
  const annotations = { ...facts, [ANNOTATION.refName]: name, [ANNOTATION.created]: new Date().toISOString() };
  return { ...index, manifests: [...index.manifests, { ...root, annotations }] };
}

const withRefName = (entry: Descriptor, name: string): Descriptor => ({
  ...entry,
  annotations: { ...entry.annotations, [ANNOTATION.refName]: name },
});

const uniqueByName = (entries: readonly Descriptor[]): Descriptor[] => [
  ...new Map(entries.map((entry) => [`${entry.annotations?.[ANNOTATION.refName]} ${entry.digest}`, entry])).values(),
];

/** Reads the index of a layout; empty when there is no layout yet. Throws `BUILD_FAILED` when it is damaged. */
export async function readIndex(folder: string): Promise<ImageIndex> {
  const file = path.join(folder, "index.json");
  try {
    return parseDocument(await fs.readFile(file, "utf8"), file, imageIndex);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
    return { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] };
  }
}

/** Replaces `index.json`; the caller must hold the lock. */
export const writeIndex = (folder: string, index: ImageIndex): Promise<void> =>
  writeFileAtomic(path.join(folder, "index.json"), JSON.stringify(index, undefined, 2));

/** The reference an entry is stored under; `undefined` when another tool wrote the entry without one. */
export function referenceOf(entry: Descriptor): Reference | undefined {
  try {
    return parseReference(entry.annotations?.[ANNOTATION.refName] ?? "");
  } catch {
    return undefined;
  }
}

/** The repository of an entry; `undefined` when it has no reference. */
export function repositoryOf(entry: Descriptor): string | undefined {
  const name = referenceOf(entry);
  return name && canonicalRepository(name);
}

/** True when a reference names this entry. */
export function matchesReference(entry: Descriptor, wanted: Reference): boolean {
  const name = referenceOf(entry);
  if (name === undefined || canonicalRepository(name) !== canonicalRepository(wanted)) return false;
  if (wanted.digest !== undefined) return entry.digest === wanted.digest;
  return name.digest === undefined && (name.tag ?? "latest") === (wanted.tag ?? "latest");
}

/** The image of an entry; `undefined` when it has no reference, or its documents are missing. */
export async function toStoredImage(folder: string, entry: Descriptor): Promise<StoredImage | undefined> {
  const name = referenceOf(entry);
  const image = name && (await readImage(folder, entry));
  if (name === undefined || image === undefined) return undefined;
  const createdAt = entry.annotations?.[ANNOTATION.created];
  return {
    ...image,
    repository: canonicalRepository(name),
    ...(name.tag === undefined ? {} : { tag: name.tag }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}

/**
 * True if every entry with this digest was built on this machine without files from a program. False if that is not known: for images from
 * elsewhere, images of earlier releases, and images that are gone.
 *
 * @param folder folder of the layout
 */
export async function isBuiltWithoutFiles(folder: string, digest: string): Promise<boolean> {
  const entries = (await readIndex(folder)).manifests.filter((entry) => entry.digest === digest);
  return entries.length > 0 && entries.every(({ annotations }) => annotations?.[GIVEN_FILES_ANNOTATION] === "none");
}
