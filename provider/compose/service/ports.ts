/** Reads `ports` of a service: what becomes the ports of a Service. */
import type { PlannedPort } from "../model";
import { checkKeys } from "../tree/keys";
import { entryOf, quoteScalar, readScalar, readTexts } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import type { Mapping } from "../tree/tree";
import { PORT_KEYS } from "./keyTables";

/** `[host:][published:]target[/protocol]`, where the ports may be ranges. */
const SHORT = /^(?:(?:(\[[^\]]*\]|[^:/]*):)?(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(\w+))?$/;
const [MIN_PORT, MAX_PORT] = [1, 65_535];
/** Ports of a service. Source: the API, as in Service. */
const MAX_PORTS = 40;

/** A port as the file has it. */
interface PublishedPort {
  readonly at: Place;
  readonly published: number;
  readonly target: number;
}

/**
 * The ports of the Service, by the rules of the vendor's tool: 443 becomes HTTPS, with a redirect from 80; any other port gets TLS. Port 80
 * alone is HTTP, which the platform knows no other way to serve.
 */
export function readPorts(service: Mapping, where: string, reports: Reports): readonly PlannedPort[] {
  const what = `${where}: 'ports'`;
  const entry = entryOf(service, "ports");
  if (entry === undefined) return [];
  const items = entry.value.kind === "list" ? entry.value.items : [entry.value];
  const ports = items.flatMap((item) =>
    item.kind === "map"
      ? longForm(item, what, reports)
      : readTexts(item, what, reports).flatMap((one) => shortForm(one, what, reports)),
  );
  const planned = new Map<number, PlannedPort & { readonly at: Place }>();
  for (const { published: port, target: destinationPort, at } of ports) {
    const before = planned.get(port);
    if (before !== undefined && before.destinationPort !== destinationPort)
      reports.problem(at, `${what}: port ${port} is published twice; remove one.`);
    const handlers: PlannedPort["handlers"] =
      port === 443 ? ["http", "tls"] : port === 80 ? ["http"] : (["tls"] as const);
    if (port !== 80 && port !== 443 && before === undefined)
      reports.warn(
        at,
        `${what}: clients need TLS on port ${port}. A metro publishes 80 as HTTP, 443 as HTTPS, and any other port with TLS.`,
      );
    planned.set(port, { port, destinationPort, handlers, at });
  }
  const plain = planned.get(80);
  if (planned.has(443)) {
    if (plain !== undefined) reports.warn(plain.at, `${what}: port 80 redirects to 443, since that is published too.`);
    planned.set(80, { port: 80, destinationPort: 443, handlers: ["http", "redirect"], at: entry.at });
  }
  const redirect = planned.has(443) && plain === undefined ? ", with 80, which redirects to 443" : "";
  if (planned.size > MAX_PORTS)
    reports.problem(entry.at, `${what}: more than ${MAX_PORTS} ports are published${redirect}.`);
  return [...planned.values()].map(({ at: _, ...port }) => port);
}

function shortForm(
  scalar: { readonly text: string; readonly at: Place; readonly written: string; readonly isSecret: boolean },
  what: string,
  reports: Reports,
): readonly PublishedPort[] {
  const quoted = quoteScalar({ kind: "scalar", ...scalar });
  const [whole, host = "", published, target = "", protocol] = SHORT.exec(scalar.text) ?? [];
  if (whole === undefined)
    return reports.problem(scalar.at, `${what}: ${quoted} is not a port, such as "443:8080".`) ?? [];
  return portsOf({ ...{ host, published, target, protocol, quoted }, at: scalar.at }, what, reports);
}

function longForm(map: Mapping, what: string, reports: Reports): readonly PublishedPort[] {
  checkKeys(map, PORT_KEYS, what, reports);
  const member = (key: string): string | undefined => {
    const entry = entryOf(map, key);
    return entry && readScalar(entry.value, `${what}: '${key}'`, reports)?.text;
  };
  const target = member("target");
  if (target === undefined) return reports.problem(map.at, `${what}: 'target' is missing.`) ?? [];
  const application = member("app_protocol");
  if (application !== undefined && !/^https?2?$/.test(application))
    reports.warn(map.at, `${what}: 'app_protocol' has no effect. 443 is HTTPS, 80 is HTTP, and any other port TLS.`);
  const [host = "", published, protocol] = [member("host_ip"), member("published"), member("protocol")];
  return portsOf({ host, published, target, protocol, quoted: `target ${target}`, at: map.at }, what, reports);
}

function portsOf(
  port: {
    readonly host: string;
    readonly published: string | undefined;
    readonly target: string;
    readonly protocol: string | undefined;
    readonly quoted: string;
    readonly at: Place;
  },
  what: string,
  reports: Reports,
): readonly PublishedPort[] {
  const { host, published, target, protocol = "tcp", quoted, at } = port;
  const fail = (sentence: string): readonly PublishedPort[] => reports.problem(at, `${what}: ${sentence}`) ?? [];
  if (protocol !== "tcp" && protocol !== "tls")
    return fail(`${quoted}: a metro publishes TCP only, not ${protocol}; remove the port.`);
  if (host !== "" && host !== "0.0.0.0" && host !== "[::]" && host !== "::")
    return fail(`${quoted}: a metro publishes a port to everybody, not to one address; remove the address.`);
  if (published === undefined || published === "")
    return fail(`${quoted}: no public port is chosen; write it, such as "443:8080".`);
  const [from, to] = [rangeOf(published), rangeOf(target)];
  if (from === undefined || to === undefined)
    return fail(`${quoted}: a port is a number, ${MIN_PORT} to ${MAX_PORT}, and a range goes upwards.`);
  const [count, targets] = [from[1] - from[0], to[1] - to[0]];
  if (count !== targets)
    return fail(`${quoted}: the ranges have different lengths; give each port of the program one public port.`);
  return Array.from({ length: Math.min(count, MAX_PORTS) + 1 }, (_, index) => ({
    at,
    published: from[0] + index,
    target: to[0] + index,
  }));
}

/** First and last port of `8000` or `8000-8003`. */
function rangeOf(text: string): readonly [number, number] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from >= MIN_PORT && from <= to && to <= MAX_PORT ? [from, to] : undefined;
}
