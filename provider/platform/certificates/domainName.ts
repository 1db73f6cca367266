/** Validates domain names and matches them against the names of a certificate. Pure. */

/** Longest domain name. Source: RFC 1035, section 2.3.4 (255 bytes on the wire). */
const MAX_DOMAIN_LENGTH = 253;
/** One label of a domain name. Source: RFC 1035, section 2.3.1, with digits first as RFC 1123 allows. */
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN_NAME = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*${LABEL}$`);

/** True for a lower-case domain name without a trailing dot; its first label may be `*`. */
export const isDomainName = (text: string): boolean => text.length <= MAX_DOMAIN_LENGTH && DOMAIN_NAME.test(text);

/** True for a name such as `*.example.com`. */
export const isWildcard = (name: string): boolean => name.startsWith("*.");

/**
 * True when a certificate for `name` is valid for `domain`. `*` matches one label; a wildcard domain matches only
 * itself.
 */
export function coversDomain(name: string, domain: string): boolean {
  if (name === domain) return true;
  return isWildcard(name) && !isWildcard(domain) && domain.replace(/^[^.]+/, "*") === name;
}
