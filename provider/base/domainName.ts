/** Names of domains. Pure. */

/** The same for every way of writing the same domain: without capitals, and without a dot at the end. */
export const canonicalDomainName = (name: string): string => name.replace(/\.$/, "").toLowerCase();
