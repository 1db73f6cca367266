/** Chooses which of the services on a port gets a connection, by the name that the client asks for. Pure. */
import * as net from "node:net";
import { coversDomain } from "../../certificates/domainName";

/** A service that can be selected. */
export interface NamedRoute {
  /** Its domains in lower case; the first label of one may be `*`. */
  readonly domains: readonly string[];
}

/**
 * True if `name` leads to this machine without naming a service: an IP address, `localhost`, or none at all. A service that is alone
 * on its port is meant then.
 */
export const namesNoService = (name: string | undefined): boolean =>
  name === undefined || name === "localhost" || net.isIP(name) !== 0;

/** True if a service has this domain, or a wildcard that covers it. A service without domains answers for every name. */
export const answersFor = (domains: readonly string[], name: string): boolean =>
  domains.length === 0 || domains.some((domain) => coversDomain(domain, name));

/**
 * The service with this domain; a wildcard counts less than the name itself. Without a name: the only service of the port.
 * `undefined` if there is none.
 */
export function selectRoute<T extends NamedRoute>(routes: readonly T[], name: string | undefined): T | undefined {
  if (name !== undefined) {
    const exact = routes.find(({ domains }) => domains.includes(name));
    if (exact !== undefined) return exact;
  }
  const [only, ...others] = routes;
  if (name === undefined || namesNoService(name)) return others.length === 0 ? only : undefined;
  return routes.find(({ domains }) => answersFor(domains, name));
}
