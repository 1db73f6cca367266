/**
 * References of images, of which the API returns another form than it was given: `acme/app:1` comes back as
 * `oci://unikraft.io/acme/app:1@sha256:…`, on older nodes as `acme/app@sha256:…`. Pure.
 */

/** Digest at the end of a reference; `undefined` for a tag. */
export const parseDigest = (reference: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];

/** Path without scheme, host and the prefix of official images; and the tag, if there is one. */
function parseImageReference(reference: string): { readonly path: string; readonly tag: string | undefined } {
  const bare = reference.replace(/^[a-z]+:\/\//, "").replace(/@.*$/, "");
  const [, named = bare, tag] = /^(.*?)(?::([^/:]+))?$/.exec(bare) ?? [];
  const path = named.replace(/^(localhost|[^/]*[.:][^/]*)\//, "").replace(/^official\//, "");
  return { path, tag };
}

/** One may lack what stands before the name: a registry's host without a dot, the account's own prefix. */
const isSameRepository = (a: string, b: string): boolean => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);

/**
 * Does what is reported mean the same image as what was asked for? Digests decide where both have one; otherwise names do, and
 * tags where both have one: a tag that moved on is not seen, since nothing tells what it stood for.
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
