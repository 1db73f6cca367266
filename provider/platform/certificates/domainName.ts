/** Domain names, and which of them a certificate's name stands for. Pure. */

/** Longest domain name. Source: RFC 1035, section 2.3.4. */
const MAX_DOMAIN_LENGTH = 253;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN_NAME = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*${LABEL}$`);

/** True for a domain name in lower case without a dot at its end, or for `*.` in front of one. */
export const isDomainName = (text: string): boolean => text.length <= MAX_DOMAIN_LENGTH && DOMAIN_NAME.test(text);

/** True for `*.example.com`. */
export const isWildcard = (name: string): boolean => name.startsWith("*.");

/** True when `name`, in which `*` stands for one label, names the domain. A wildcard domain is named by itself alone. */
export function coversDomain(name: string, domain: string): boolean {
  if (name === domain) return true;
  return isWildcard(name) && !isWildcard(domain) && domain.replace(/^[^.]+/, "*") === name;
}
