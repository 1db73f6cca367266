/**
 * Whose a repository of a layout is. Without an owner, two stacks of one machine that choose the same name would share the images of one
 * repository, and the first that is destroyed would take those of the other with it.
 *
 * The owner is an annotation of `index.json`, one per repository. Source: OCI image-spec 1.1, image-index.md, "annotations".
 */
import { createFolder } from "../../base/files";
import { withFileLock } from "./fileLock";
import { readIndex, repositoryOf, writeIndex } from "./indexJson";
import { type ImageIndex, OWNER_ANNOTATION_PREFIX } from "./descriptor";
import { canonicalRepository, parseReference } from "./reference";
import { layoutLockFile } from "./transaction";

const canonical = (repository: string): string => canonicalRepository(parseReference(repository));
const keyOf = (repository: string): string => `${OWNER_ANNOTATION_PREFIX}${canonical(repository)}`;

const hasImages = ({ manifests }: ImageIndex, repository: string): boolean =>
  manifests.some((entry) => repositoryOf(entry) === canonical(repository));

/** The owner of a repository; `undefined` if nobody has claimed it. */
export const findOwner = async (folder: string, repository: string): Promise<string | undefined> =>
  (await readIndex(folder)).annotations?.[keyOf(repository)];

/** Has the repository images, but no owner? An earlier release made them, or another program. */
export async function isUnclaimed(folder: string, repository: string): Promise<boolean> {
  const index = await readIndex(folder);
  return index.annotations?.[keyOf(repository)] === undefined && hasImages(index, repository);
}

/** What to do if another one has the repository. */
export interface ClaimOptions {
  /** True for a repository that the caller's state holds: a renamed resource has another identity than before. */
  readonly takesOver?: boolean;
  /** True if the caller has made the images of a repository without an owner. */
  readonly ownsImages?: boolean;
}

/**
 * Makes `owner` the owner of a repository. Returns the owner that it has afterwards: without `takesOver` another one if that one has
 * claimed it before; `undefined` if it has images and no owner, unless the caller owns them.
 */
export async function claimRepository(
  folder: string,
  repository: string,
  owner: string,
  { takesOver = false, ownsImages = false }: ClaimOptions = {},
): Promise<string | undefined> {
  await createFolder(folder);
  return withFileLock(layoutLockFile(folder), async () => {
    const index = await readIndex(folder);
    const current = index.annotations?.[keyOf(repository)];
    if (current === owner) return owner;
    const isTaken = current !== undefined || (hasImages(index, repository) && !ownsImages);
    if (isTaken && !takesOver) return current;
    await writeIndex(folder, { ...index, annotations: { ...index.annotations, [keyOf(repository)]: owner } });
    return owner;
  });
}

/** The index without the owner of a repository, which is then free; the same object if it has none. */
export function withoutOwner(index: ImageIndex, repository: string): ImageIndex {
  const { [keyOf(repository)]: owner, ...others } = index.annotations ?? {};
  return owner === undefined ? index : { ...index, annotations: others };
}
