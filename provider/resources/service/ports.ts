/** Published ports of a service: input, rules, wire format, and the service URL. Pure. */
import * as net from "node:net";
import * as z from "zod";
import type { ServiceItem, ServicePort } from "../../contract/models";
import { isSelectedByName, type ReportedPort } from "../../contract/models/service";
import { reachableHost } from "../../base/hostNames";
import { omitUndefined } from "../../base/objects";
import type { ErrorContext, ErrorCode } from "../../base/errors";
import { type CheckFailure, field, objectType } from "../../definition/resource";

const portNumber = z.int().min(1).max(65535);
const HANDLERS = ["tls", "http", "redirect"] as const;

/** One entry of `ports`. */
export const publishedPort = objectType(
  "ServicePort",
  "A published port.",
  z.strictObject({
    port: field(portNumber, { description: "Public port, 1 to 65,535." }),
    destinationPort: field(portNumber.optional(), {
      description:
        "Port in the guest, 1 to 65,535; with the `redirect` handler, the public port to redirect clients to. Default: the same as `port`.",
    }),
    handlers: field(z.array(z.enum(HANDLERS)).default([]), {
      description:
        "How the platform handles connections: `tls` terminates TLS, `http` balances by request, `redirect` sends an HTTP redirect. Port 80 needs `http`, port 443 needs `http` and `tls`; any other port takes `tls` or none (plain TCP). Default: none.",
      unordered: true,
    }),
    protocol: field(z.enum(["tcp", "udp"]).default("tcp"), {
      description: "`tcp`, or `udp` in metros that support it; `udp` takes no handlers. Default `tcp`.",
    }),
    ip: field(
      z
        .string()
        .refine((text) => net.isIP(text) !== 0, "must be an IP address")
        .optional(),
      { description: "Public IP address of a `udp` port; needs an account privilege. Default: chosen by the metro." },
    ),
  }),
);
/** One checked entry of `ports`. */
export type PublishedPort = z.output<typeof publishedPort>;

/** Allowed handlers of a TCP port. Source: the platform's documentation. */
function checkHandlers({ port, handlers, destinationPort }: PublishedPort): readonly CheckFailure[] {
  const has = (handler: PublishedPort["handlers"][number]) => handlers.includes(handler);
  const problems: CheckFailure[] = [];
  const fail = (property: string, reason: string) => problems.push({ property, reason });
  if (port === 80) {
    if (!has("http"))
      fail(
        "handlers",
        'port 80 needs the handler "http"; write handlers: ["http"], or publish another port for plain TCP.',
      );
    if (has("tls"))
      fail(
        "handlers",
        'port 80 cannot have the handler "tls"; publish port 443 with handlers: ["http", "tls"] for TLS.',
      );
    if (has("redirect") && (destinationPort === undefined || destinationPort === 80))
      fail("destinationPort", "a redirect needs the public port to send clients to, such as 443.");
  } else if (port === 443) {
    if (!has("http") || !has("tls"))
      fail(
        "handlers",
        'port 443 needs the handlers "http" and "tls"; write handlers: ["http", "tls"], or publish another port for plain TCP.',
      );
  } else if (has("http")) {
    fail(
      "handlers",
      `port ${port} cannot have the handler "http", which only ports 80 and 443 can have; remove it for plain TCP.`,
    );
  }
  if (has("redirect") && port !== 80) fail("handlers", 'the handler "redirect" is for port 80 only; remove it.');
  return problems;
}

function checkPort(entry: PublishedPort): readonly CheckFailure[] {
  const problems: CheckFailure[] = [];
  const { handlers, protocol, ip } = entry;
  if (new Set(handlers).size !== handlers.length)
    problems.push({ property: "handlers", reason: "a handler is listed twice; list each handler once." });
  if (ip !== undefined && protocol !== "udp")
    problems.push({ property: "ip", reason: 'an address can be chosen for protocol "udp" only; remove it.' });
  if (protocol === "tcp") return [...problems, ...checkHandlers(entry)];
  if (handlers.length > 0)
    problems.push({ property: "handlers", reason: 'protocol "udp" takes no handlers; remove them.' });
  return problems;
}

/** Rules for ports and handlers. Source: the platform's documentation. */
export function checkPorts(ports: readonly PublishedPort[]): readonly CheckFailure[] {
  return ports.flatMap((entry, index) => {
    const at = `ports[${index}]`;
    const isDuplicate = ports.findIndex((other) => isSamePort(other, entry)) !== index;
    const duplicate = { property: `${at}.port`, reason: `port ${entry.port} is published twice; list each port once.` };
    const problems = checkPort(entry).map(({ property, reason }) => ({ property: `${at}.${property}`, reason }));
    return isDuplicate ? [duplicate, ...problems] : problems;
  });
}

/** The identity of a published port: port 53 of TCP and port 53 of UDP are different ports. */
export type PortKey = Pick<PublishedPort, "port" | "protocol">;

/** True if both are the same published port. */
export const isSamePort = (a: PortKey, b: PortKey): boolean => a.port === b.port && a.protocol === b.protocol;

/** Parses a published port in the form that an instance reports: `<protocol>:<port>`. */
export const parsePortKey = (service: string): PortKey => ({
  port: Number(service.split(":").at(-1)),
  protocol: service.startsWith("udp:") ? "udp" : "tcp",
});

/** Errors about ports, with the input that caused them. The metro's message names the port. */
export function portErrorContext(ports: readonly PublishedPort[]): Readonly<Partial<Record<ErrorCode, ErrorContext>>> {
  const only = ports.length === 1 ? "ports[0]" : "ports";
  return {
    ALREADY_EXISTS: { property: "name" },
    IN_USE: {
      property: ports.length === 1 ? `${only}.port` : only,
      hint: "Publish another port, or stop the program that uses it.",
    },
    NOT_SUPPORTED: { property: only, hint: "Publish a port without handlers, such as { port: 8080 }, in this metro." },
  };
}

/** Encodes a port; server defaults are left out. */
export const toWirePort = ({ port, destinationPort, handlers, protocol, ip }: PublishedPort): ServicePort =>
  omitUndefined({
    port,
    destination_port: destinationPort === port ? undefined : destinationPort,
    handlers: handlers.length === 0 ? undefined : handlers,
    protocol: protocol === "tcp" ? undefined : protocol,
    ip,
  });

const isSameSet = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();

/** The reported ports, in the requested form and order where both are equivalent, so that defaults and order show no drift. */
export function fromWirePorts(reported: ServiceItem["services"], requested: readonly PublishedPort[]): PublishedPort[] {
  const rank = (entry: PublishedPort) => {
    const index = requested.findIndex((other) => isSamePort(other, entry));
    return index === -1 ? requested.length : index;
  };
  return (reported ?? [])
    .map((entry): PublishedPort => {
      const { port, destination_port: destinationPort = port, ip } = entry;
      const protocol = entry.protocol === "udp" ? "udp" : "tcp";
      const handlers = HANDLERS.filter((known) => entry.handlers?.includes(known));
      const mine = requested.find(
        (other) =>
          other.port === port &&
          other.protocol === protocol &&
          (other.destinationPort ?? other.port) === destinationPort &&
          isSameSet(other.handlers, handlers) &&
          (other.ip === undefined || other.ip === ip),
      );
      const plain = { destinationPort: destinationPort === port ? undefined : destinationPort };
      return mine ?? omitUndefined({ port, ...plain, handlers, protocol, ip: protocol === "udp" ? ip : undefined });
    })
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * The preferred URL of a service: https, then http, then plain TCP, which is also written as http because such a port usually serves it.
 * Empty without a TCP port, and without a domain name that is not a wildcard.
 *
 * A port with a handler selects the service by the name in the URL, so there it is a domain. A port for plain TCP selects by nothing, and
 * on the local platform the URL has the address, since not every client resolves `<label>.localhost`.
 *
 * @param reported the ports as the API reports them, with those that clients reach under another number
 */
export function serviceUrl(
  fqdns: readonly string[],
  all: readonly PublishedPort[],
  reported: readonly ReportedPort[],
): string {
  const fqdn = fqdns.find((name) => !name.startsWith("*."));
  const ports = all.filter(({ protocol }) => protocol === "tcp");
  const secure = ports.find((entry) => entry.handlers.includes("tls"));
  const main = secure ?? ports.find((entry) => !entry.handlers.includes("redirect")) ?? ports[0];
  if (main === undefined || fqdn === undefined) return "";
  const scheme = secure === undefined ? "http" : "https";
  const host = isSelectedByName(main.handlers) ? fqdn : reachableHost(fqdn);
  const port = reported.find((one) => one.port === main.port)?.host_port ?? main.port;
  return `${scheme}://${host}${port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`}`;
}
