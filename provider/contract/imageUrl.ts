/** How the platform names images: `oci://local/<repository>@<digest>`, whatever they were asked for by. Pure. */

/** `oci://local/<repository>@<digest>`: the form in which the platform names an image, whatever it was asked for. */
export const canonicalImageUrl = (repository: string, digest: string): string => `oci://local/${repository}@${digest}`;

/** What a layout understands of a reference: the canonical form names this platform in front. */
export const stripPlatformPrefix = (reference: string): string => reference.replace(/^(oci:\/\/)?local\//, "");

/** True for a repository (a tag or digest may follow) of an account, of one application of it, or of `official`: those without account. */
export function isInNamespace(reference: string, namespace: string): boolean {
  const repository = reference.replace(/[:@].*$/, "");
  if (namespace === "official") return !repository.includes("/");
  return repository === namespace || repository.startsWith(`${namespace}/`);
}
