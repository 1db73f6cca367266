/** Rules for the ports and limits of a service group. Pure. Source: the cloud's documentation of handlers. */
import type { CreateServiceRequest, ServicePort } from "../../contract/models";
import { isSelectedByName } from "../../contract/models/service";
import { ApiItemError, RequestError } from "../errors";
import type { PublishedPort, ServiceRecord } from "../store/services";

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/**
 * Parses ports and applies defaults. Throws `Invalid` for a violated rule, `NotSupported` for features of the cloud
 * only.
 */
export function parsePorts(ports: readonly ServicePort[]): PublishedPort[] {
  const seen = new Set<number>();
  return ports.map(({ port, destination_port, handlers = [], protocol, ip }) => {
    if (seen.has(port)) throw new ApiItemError("Invalid", `Port ${port} is listed twice`);
    seen.add(port);
    const violation = portRuleViolation(port, destination_port, new Set(handlers));
    if (violation !== undefined) throw new ApiItemError("Invalid", violation);
    if (protocol === "udp")
      throw new ApiItemError("NotSupported", `Port ${port}: the local platform does not publish UDP yet`);
    if (ip !== undefined)
      throw new ApiItemError("NotSupported", `Port ${port}: the local platform publishes on the loopback address only`);
    return { port, destinationPort: destination_port ?? port, handlers: [...new Set(handlers)] };
  });
}

function portRuleViolation(
  port: number,
  destination: number | undefined,
  handlers: ReadonlySet<string>,
): string | undefined {
  if (handlers.has("redirect")) {
    if (port !== HTTP_PORT) return `Port ${port}: 'redirect' is only for port 80`;
    if (destination === undefined || destination === HTTP_PORT)
      return "Port 80: 'redirect' needs a 'destination_port' other than 80: the public port to redirect clients to, such as 443";
  }
  if (port === HTTP_PORT) {
    if (handlers.has("tls")) return "Port 80 must not have the handler 'tls'";
    return handlers.has("http") ? undefined : "Port 80 must have the handler 'http'";
  }
  if (port === HTTPS_PORT) {
    return handlers.has("http") && handlers.has("tls") ? undefined : "Port 443 must have the handlers 'http' and 'tls'";
  }
  return handlers.has("http") ? `Port ${port} must not have the handler 'http'; only 80 and 443 do` : undefined;
}

/**
 * Throws `CannotBeUsed` for a port of another service group, unless clients' first bytes tell which of the two they mean: both need a
 * domain, and a handler that reads its name. The message names both groups.
 */
export function assertPortsAvailable(
  { name, ports, domains }: Pick<ServiceRecord, "name" | "ports" | "domains">,
  others: Iterable<ServiceRecord>,
): void {
  for (const other of others) {
    const shared = ports.filter(({ port }) => other.ports.some((theirs) => theirs.port === port));
    const theirsOf = ({ port }: PublishedPort) => other.ports.filter((theirs) => theirs.port === port);
    const plain = shared.find((ours) => [ours, ...theirsOf(ours)].some(({ handlers }) => !isSelectedByName(handlers)));
    const withoutDomain = [{ name, domains }, other].find((service) => service.domains.length === 0);
    const port = plain ?? (withoutDomain === undefined ? undefined : shared[0]);
    if (port === undefined) continue;
    const why =
      plain === undefined
        ? `'${withoutDomain?.name}' has no domain to be told apart by`
        : "only a port with the handler 'tls' or 'http' can have several services";
    throw new ApiItemError(
      "CannotBeUsed",
      `Port ${port.port} cannot be used by service group '${name}': '${other.name}' publishes it, and ${why}`,
    );
  }
}

const crossedLimitsMessage = (softLimit: number, hardLimit: number): string =>
  `'soft_limit' (${softLimit}) must not exceed 'hard_limit' (${hardLimit})`;

/** Throws `Invalid` if `softLimit` exceeds `hardLimit`. */
export function assertLimitsOrdered(softLimit: number, hardLimit: number): void {
  if (softLimit > hardLimit) throw new ApiItemError("Invalid", crossedLimitsMessage(softLimit, hardLimit));
}

/**
 * Throws {@link RequestError} 400 for a group without ports that would stay: it publishes nothing, so nobody would miss it. One with
 * autokill can be a lock, because its name is unique.
 */
export function assertPublishesOrExpires({ services, autokill }: CreateServiceRequest): void {
  if (services.length === 0 && (autokill?.time_ms ?? 0) === 0)
    throw new RequestError(
      400,
      "'services' must have at least 1 element, unless 'autokill' has a 'time_ms'",
      "Invalid",
    );
}

/** Throws {@link RequestError} 400 if the soft limit of a create request exceeds its hard limit. */
export function assertRequestLimitsOrdered({
  soft_limit: soft,
  hard_limit: hard,
}: Pick<CreateServiceRequest, "soft_limit" | "hard_limit">): void {
  if (soft !== undefined && hard !== undefined && soft > hard)
    throw new RequestError(400, crossedLimitsMessage(soft, hard), "Invalid");
}
