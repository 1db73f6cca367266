/** Domain and host names. Pure. */

/** A domain in lower case without a trailing dot. */
export const canonicalDomainName = (name: string): string => name.replace(/\.$/, "").toLowerCase();

/** True for a loopback host, with or without a port: `localhost`, `127.0.0.1:5000`, `[::1]`. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/.test(host);

/** True for an http(s) URL with a loopback host, which no proxy can reach. */
export const isLoopbackUrl = (url: string): boolean => /^https?:\/\/(127\.|localhost[:/]|localhost$|\[::1\])/.test(url);

/** The host to connect to for a domain name; 127.0.0.1 for the local platform's `.localhost`, which not every resolver knows. */
export const reachableHost = (fqdn: string): string => (fqdn.endsWith(".localhost") ? "127.0.0.1" : fqdn);
