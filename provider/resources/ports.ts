/** Published ports of a service: shape, the platform's rules, and how they compare with what the API says. Pure. */
import * as z from "zod";
import type { ServiceItem, ServicePort } from "../api/models";
import type { Blame, ErrorCode } from "../base/errors";
import { type CheckFailure, field, objectType } from "../definition/define";

const portNumber = z.int().min(1).max(65535);

/** One entry of `ports`. */
export const publishedPort = objectType(
  "ServicePort",
  "A published port.",
  z.strictObject({
    port: field(portNumber, { description: "Public port, 1 to 65535." }),
    destinationPort: field(portNumber.optional(), {
      description:
        "Port in the guest, 1 to 65535; with the `redirect` handler the public port to send clients to. Default: the same as `port`.",
    }),
    handlers: field(z.array(z.enum(["tls", "http", "redirect"])).default([]), {
      description:
        "What the platform does with connections: `tls` ends TLS, `http` balances by request, `redirect` answers with a redirect. Port 80 needs `http`, 443 needs `http` and `tls`, any other takes `tls` alone or nothing (plain TCP).",
      unordered: true,
    }),
  }),
);
export type PublishedPort = z.output<typeof publishedPort>;

/** The rules of the platform's documentation for ports and handlers. */
export function checkPorts(ports: readonly PublishedPort[]): readonly CheckFailure[] {
  return ports.flatMap((entry, index) => {
    const at = `ports[${index}]`;
    const has = (handler: PublishedPort["handlers"][number]) => entry.handlers.includes(handler);
    const problems: CheckFailure[] = [];
    const fail = (property: string, reason: string) => problems.push({ property, reason });
    if (ports.findIndex((other) => other.port === entry.port) !== index)
      fail(`${at}.port`, `port ${entry.port} is published twice; list each port once.`);
    if (new Set(entry.handlers).size !== entry.handlers.length)
      fail(`${at}.handlers`, "a handler is named twice; name each once.");
    if (entry.port === 80) {
      if (!has("http"))
        fail(
          `${at}.handlers`,
          'port 80 needs the handler "http"; write handlers: ["http"], or publish another port for plain TCP.',
        );
      if (has("tls"))
        fail(
          `${at}.handlers`,
          'port 80 cannot have the handler "tls"; publish port 443 with handlers: ["http", "tls"] for that.',
        );
    } else if (entry.port === 443) {
      if (!has("http") || !has("tls"))
        fail(
          `${at}.handlers`,
          'port 443 needs the handlers "http" and "tls"; write handlers: ["http", "tls"], or publish another port for plain TCP.',
        );
    } else if (has("http")) {
      fail(
        `${at}.handlers`,
        `port ${entry.port} cannot have the handler "http", which only 80 and 443 can; leave it out for plain TCP.`,
      );
    }
    if (has("redirect") && entry.port !== 80)
      fail(`${at}.handlers`, 'the handler "redirect" is for port 80 only; remove it.');
    if (entry.port === 80 && has("redirect") && entry.destinationPort === undefined) {
      fail(`${at}.destinationPort`, "a redirect needs the public port to send clients to, such as 443.");
    }
    return problems;
  });
}

/** Which input a refused service is about; the metro's sentence names the port. */
export function portBlames(ports: readonly PublishedPort[]): Readonly<Partial<Record<ErrorCode, Blame>>> {
  const only = ports.length === 1 ? "ports[0]" : "ports";
  return {
    ALREADY_EXISTS: { property: "name" },
    IN_USE: {
      property: ports.length === 1 ? `${only}.port` : only,
      hint: "Publish another port, or end the program that has it.",
    },
    NOT_SUPPORTED: { property: only, hint: "Publish a port without handlers, such as { port: 8080 }, in this metro." },
  };
}

/** To the wire, leaving out what equals the server's default. */
export const toWirePort = (entry: PublishedPort): ServicePort => ({
  port: entry.port,
  ...(entry.destinationPort === undefined || entry.destinationPort === entry.port
    ? {}
    : { destination_port: entry.destinationPort }),
  ...(entry.handlers.length === 0 ? {} : { handlers: entry.handlers }),
});

const sameSet = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();

/** What the API reports, in the form the program wrote wherever both mean the same; defaults and order are no drift. */
export function fromWirePorts(reported: ServiceItem["services"], written: readonly PublishedPort[]): PublishedPort[] {
  const seen = (reported ?? []).map((entry): PublishedPort => {
    const handlers = (entry.handlers ?? []).filter(
      (h): h is PublishedPort["handlers"][number] => h === "tls" || h === "http" || h === "redirect",
    );
    const destination = entry.destination_port ?? entry.port;
    const mine = written.find(
      (w) => w.port === entry.port && (w.destinationPort ?? w.port) === destination && sameSet(w.handlers, handlers),
    );
    return mine ?? { port: entry.port, destinationPort: destination, handlers };
  });
  const rank = (entry: PublishedPort) => {
    const index = written.findIndex((w) => w.port === entry.port);
    return index === -1 ? written.length : index;
  };
  return seen.sort((a, b) => rank(a) - rank(b));
}

/** Where a domain name is reached. The local platform's end in `.localhost`, which not every resolver knows; its address is always the loopback. */
export const hostOf = (fqdn: string): string => (fqdn.endsWith(".localhost") ? "127.0.0.1" : fqdn);

/** The address a client would use first: https, then http, then plain TCP (spelled http, the usual guest of such a port). */
export function urlOf(host: string, ports: readonly PublishedPort[]): string {
  const secure = ports.find((entry) => entry.handlers.includes("tls"));
  const main = secure ?? ports.find((entry) => !entry.handlers.includes("redirect")) ?? ports[0];
  const scheme = secure === undefined ? "http" : "https";
  const standard = scheme === "https" ? 443 : 80;
  return main === undefined ? "" : `${scheme}://${host}${main.port === standard ? "" : `:${main.port}`}`;
}
