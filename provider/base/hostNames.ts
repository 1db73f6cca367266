/** Names of domains and hosts. Pure. */

/** One spelling of a domain: lower case, without a dot at the end. */
export const canonicalDomainName = (name: string): string => name.replace(/\.$/, "").toLowerCase();

/** True for a host on this machine's loopback, with or without a port: `localhost`, `127.0.0.1:5000`, `[::1]`. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/.test(host);

/** True for an http(s) URL on this machine's loopback, which no proxy can reach. */
export const isLoopbackUrl = (url: string): boolean => /^https?:\/\/(127\.|localhost[:/]|localhost$|\[::1\])/.test(url);
