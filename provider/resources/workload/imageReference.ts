/**
 * Image references. The API reports `acme/app:1` as `oci://unikraft.io/acme/app:1@sha256:…`, or on older nodes as
 * `acme/app@sha256:…`. Pure.
 */

/** Digest at the end of a reference, with `sha256:`; undefined if there is none. */
export const parseDigest = (reference: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];

/** The path, without scheme, host and the `official/` prefix, and the tag if there is one. */
function parseImageReference(reference: string): { readonly path: string; readonly tag: string | undefined } {
  const bare = reference.replace(/^[a-z]+:\/\//, "").replace(/@.*$/, "");
  const [, named = bare, tag] = /^(.*?)(?::([^/:]+))?$/.exec(bare) ?? [];
  const path = named.replace(/^(localhost|[^/]*[.:][^/]*)\//, "").replace(/^official\//, "");
  return { path, tag };
}

/** Compares paths. One of them may lack leading parts: a registry host without a dot, or the account's prefix. */
const isSameRepository = (a: string, b: string): boolean => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);

/**
 * True if both references name the same image. Compares digests if both have one; otherwise names, and tags if both have one. A tag
 * that was moved to another image is not detected, because its earlier digest is not known.
 */
export function isSameImage(requested: string, reported: string): boolean {
  const [wanted, found] = [parseDigest(requested), parseDigest(reported)];
  if (wanted !== undefined && found !== undefined) return wanted === found;
  const [mine, theirs] = [parseImageReference(requested), parseImageReference(reported)];
  return (
    isSameRepository(mine.path, theirs.path) &&
    (mine.tag === undefined || theirs.tag === undefined || mine.tag === theirs.tag)
  );
}
