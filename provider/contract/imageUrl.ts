/** Image references of the local platform. Pure. */

/** `oci://local/<repository>@<digest>`: the canonical form in which the platform reports every image. */
export const canonicalImageUrl = (repository: string, digest: string): string => `oci://local/${repository}@${digest}`;

/** The reference as an image layout has it: without the prefix `oci://local/` or `local/` of the canonical form. */
export const stripPlatformPrefix = (reference: string): string => reference.replace(/^(oci:\/\/)?local\//, "");

/** True if a reference is in a namespace: an account, an application of an account, or `official` for repositories without an account. */
export function isInNamespace(reference: string, namespace: string): boolean {
  const repository = reference.replace(/[:@].*$/, "");
  if (namespace === "official") return !repository.includes("/");
  return repository === namespace || repository.startsWith(`${namespace}/`);
}
