/** Published ports of a service: input, rules, wire format, and the URL they give. Pure. */
import * as net from "node:net";
import * as z from "zod";
import type { ServiceItem, ServicePort } from "../../contract/models";
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
export type PublishedPort = z.output<typeof publishedPort>;

/** The platform's table of handlers, for one TCP port. */
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
        'port 80 cannot have the handler "tls"; publish port 443 with handlers: ["http", "tls"] for that.',
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
      `port ${port} cannot have the handler "http", which only 80 and 443 can; leave it out for plain TCP.`,
    );
  }
  if (has("redirect") && port !== 80) fail("handlers", 'the handler "redirect" is for port 80 only; remove it.');
  return problems;
}

function checkPort(entry: PublishedPort): readonly CheckFailure[] {
  const problems: CheckFailure[] = [];
  const { handlers, protocol, ip } = entry;
  if (new Set(handlers).size !== handlers.length)
    problems.push({ property: "handlers", reason: "a handler is named twice; name each once." });
  if (ip !== undefined && protocol !== "udp")
    problems.push({ property: "ip", reason: 'an address can be chosen for protocol "udp" only; leave it out.' });
  if (protocol === "tcp") return [...problems, ...checkHandlers(entry)];
  if (handlers.length > 0)
    problems.push({ property: "handlers", reason: 'protocol "udp" takes no handlers; leave them out.' });
  return problems;
}

/** The rules of the platform's documentation for ports and handlers. */
export function checkPorts(ports: readonly PublishedPort[]): readonly CheckFailure[] {
  return ports.flatMap((entry, index) => {
    const at = `ports[${index}]`;
    const isDuplicate = ports.findIndex((other) => isSamePort(other, entry)) !== index;
    const duplicate = { property: `${at}.port`, reason: `port ${entry.port} is published twice; list each port once.` };
    const problems = checkPort(entry).map(({ property, reason }) => ({ property: `${at}.${property}`, reason }));
    return isDuplicate ? [duplicate, ...problems] : problems;
  });
}

/** What tells one published port from another. */
export type PortKey = Pick<PublishedPort, "port" | "protocol">;

/** Port 53 of TCP and port 53 of UDP are two ports. */
export const isSamePort = (a: PortKey, b: PortKey): boolean => a.port === b.port && a.protocol === b.protocol;

/** A published port as an instance names those of its group: `<protocol>:<port>`. */
export const parsePortKey = (service: string): PortKey => ({
  port: Number(service.split(":").at(-1)),
  protocol: service.startsWith("udp:") ? "udp" : "tcp",
});

/** Which input a refused service is about; the metro's sentence names the port. */
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

/** To the wire, leaving out what equals the server's default. */
export const toWirePort = ({ port, destinationPort, handlers, protocol, ip }: PublishedPort): ServicePort =>
  omitUndefined({
    port,
    destination_port: destinationPort === port ? undefined : destinationPort,
    handlers: handlers.length === 0 ? undefined : handlers,
    protocol: protocol === "tcp" ? undefined : protocol,
    ip,
  });

const isSameSet = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();

/** What the API reports, in the form the program wrote wherever both mean the same; defaults and order are no drift. */
export function fromWirePorts(reported: ServiceItem["services"], requested: readonly PublishedPort[]): PublishedPort[] {
  const rank = (entry: PublishedPort) => {
    const index = requested.findIndex((w) => isSamePort(w, entry));
    return index === -1 ? requested.length : index;
  };
  return (reported ?? [])
    .map((entry): PublishedPort => {
      const { port, destination_port: destinationPort = port, ip } = entry;
      const protocol = entry.protocol === "udp" ? "udp" : "tcp";
      const handlers = HANDLERS.filter((known) => entry.handlers?.includes(known));
      const mine = requested.find(
        (w) =>
          w.port === port &&
          w.protocol === protocol &&
          (w.destinationPort ?? w.port) === destinationPort &&
          isSameSet(w.handlers, handlers) &&
          (w.ip === undefined || w.ip === ip),
      );
      const plain = { destinationPort: destinationPort === port ? undefined : destinationPort };
      return mine ?? omitUndefined({ port, ...plain, handlers, protocol, ip: protocol === "udp" ? ip : undefined });
    })
    .sort((a, b) => rank(a) - rank(b));
}

/** Where a domain name is reached. The local platform's end in `.localhost`, which not every resolver knows; its address is always the loopback. */
export const reachableHost = (fqdn: string): string => (fqdn.endsWith(".localhost") ? "127.0.0.1" : fqdn);

/** The address of a service with these domain names, of which a wildcard is none; empty where there is no other. */
export function serviceUrl(fqdns: readonly string[], ports: readonly PublishedPort[]): string {
  const reachable = fqdns.find((fqdn) => !fqdn.startsWith("*."));
  return reachable === undefined ? "" : clientUrl(reachableHost(reachable), ports);
}

/**
 * The address a client would use first: https, then http, then plain TCP (spelled http, the usual guest of such a port). Empty
 * without a TCP port.
 */
export function clientUrl(host: string, all: readonly PublishedPort[]): string {
  const ports = all.filter(({ protocol }) => protocol === "tcp");
  const secure = ports.find((entry) => entry.handlers.includes("tls"));
  const main = secure ?? ports.find((entry) => !entry.handlers.includes("redirect")) ?? ports[0];
  const scheme = secure === undefined ? "http" : "https";
  const standard = scheme === "https" ? 443 : 80;
  return main === undefined ? "" : `${scheme}://${host}${main.port === standard ? "" : `:${main.port}`}`;
}
