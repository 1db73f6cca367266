/**
 * Published ports at preview. On the local platform a port for plain TCP belongs to one service, and no port can be shared with another
 * program, so a port that is taken fails the check: by another resource of the program, by a service of the platform, or by another
 * program on this machine. Ports with the handler `tls` or `http` are shared, because domains tell the services apart, as they do in
 * other metros. Where this user may not listen on 443 or 80, another port stands in for it, which the check says.
 */
import { UnikernelError, formatError } from "../base/errors";
import { isSelectedByName, standInPort } from "../contract/models/service";
import { deriveName } from "../definition/naming";
import type { Properties } from "../definition/resource";
import type { NameSource } from "./nameChecker";
import type { HeldPort, PortHolder, PortState } from "../resources/service/portHolders";

/** Looks at the local platform and this machine. */
export interface PortLookup {
  /** The services that publish ports. Called once. */
  list(): Promise<readonly PortHolder[]>;
  /** Tries to listen on the port. */
  probe(port: number): Promise<PortState>;
}

/** A resource whose ports are checked. */
export interface PortResource {
  /** Such as `Service 'web'`. */
  readonly label: string;
  /** `undefined` where it is not known; then the label tells resources apart. */
  readonly urn: string | undefined;
  /** The name in the metro, and from what it was derived; `derivedFrom` is undefined for a name that the program gave. */
  readonly name: unknown;
  readonly derivedFrom: NameSource | undefined;
  /** The inputs in state; empty for a new resource and for a replacement. */
  readonly olds: Properties;
  readonly news: Properties;
}

interface PublishedPort extends HeldPort {
  readonly property: string;
}

/** The known TCP ports that inputs publish: of a Service, or of an Instance's `serviceGroup`. */
export function publishedPorts(inputs: Properties): readonly PublishedPort[] {
  const group = inputs["serviceGroup"];
  const [prefix, ports] =
    group !== null && typeof group === "object"
      ? ["serviceGroup.ports", (group as Properties)["ports"]]
      : ["ports", inputs["ports"]];
  if (!Array.isArray(ports)) return [];
  return (ports as readonly unknown[]).flatMap((entry, index) => {
    const { port, protocol, handlers } = (entry ?? {}) as { port?: unknown; protocol?: unknown; handlers?: unknown };
    if (typeof port !== "number" || protocol === "udp") return [];
    const isShared = Array.isArray(handlers) && isSelectedByName(handlers as readonly string[]);
    return [{ property: `${prefix}[${index}].port`, port, isShared }];
  });
}

const keyOf = ({ urn, label }: PortResource): string => urn ?? label;

interface Claim {
  readonly label: string;
  readonly name: unknown;
  readonly ports: readonly HeldPort[];
}

/** Checks the ports of one plan, one resource after the other. */
export class PortChecker {
  /** By resource. */
  readonly #claims = new Map<string, Claim>();
  /** Ports of this plan that are to be opened on another one, by that. */
  readonly #standIns = new Map<number, number>();
  readonly #lookup: PortLookup;
  readonly #inform: (sentences: readonly string[], urn: string | undefined) => void;
  #holders: Promise<readonly PortHolder[]> | undefined;

  /** @param inform shows sentences once */
  constructor(lookup: PortLookup, inform: (sentences: readonly string[], urn: string | undefined) => void) {
    this.#lookup = lookup;
    this.#inform = inform;
  }

  /**
   * The taken ports, as sentences. Only ports that are new for the resource are looked up. Of those that are to be opened on another port,
   * it informs.
   */
  async check(resource: PortResource): Promise<readonly string[]> {
    const { label, name, olds, news } = resource;
    const wanted = publishedPorts(news);
    this.#claims.set(keyOf(resource), { label, name, ports: wanted });
    const had = new Set(publishedPorts(olds).map(({ port }) => port));
    const failures = wanted.filter(({ port }) => !had.has(port)).map((one) => this.#findConflict(resource, one));
    return (await Promise.all(failures)).flatMap((error) => (error === undefined ? [] : [formatError(error)]));
  }

  async #findConflict(
    resource: PortResource,
    { property, port, isShared }: PublishedPort,
  ): Promise<UnikernelError | undefined> {
    const excludes = (other: HeldPort): boolean => other.port === port && !(isShared && other.isShared);
    const inUse = (sentence: string, hint: string): UnikernelError =>
      new UnikernelError("IN_USE", sentence, { property, hint });
    for (const [key, claim] of this.#claims) {
      if (key === keyOf(resource) || !claim.ports.some(excludes)) continue;
      return inUse(
        `${claim.label} of this program publishes port ${port} too.`,
        "Publish another port in one of them.",
      );
    }
    const standsInFor = this.#standIns.get(port);
    if (standsInFor !== undefined) return inUse(...standInTaken(port, standsInFor));
    const all = await this.#list();
    const holders = all.filter(({ ports }) => ports.some((one) => one.port === port));
    const holder = holders.find(({ ports }) => ports.some(excludes));
    if (holders.length > 0) {
      const opened = holders.flatMap(({ ports }) => ports.filter((one) => one.port === port));
      const standIn = opened.find(({ hostPort }) => hostPort !== undefined)?.hostPort;
      if (standIn !== undefined) this.#announce(resource, port, standIn);
      if (holder === undefined || isOwn(resource, holder) || this.#gives(holder, port)) return undefined;
      const hint = "Publish another port, or delete that service first.";
      return inUse(`service '${holder.service}' of the local platform publishes port ${port}.`, hint);
    }
    const elsewhere = all.flatMap(({ ports }) => ports).find(({ hostPort }) => hostPort === port);
    if (elsewhere !== undefined) return inUse(...standInTaken(port, elsewhere.port));
    switch (await this.#lookup.probe(port)) {
      case "used":
        return inUse(
          `another program on this machine listens on port ${port}.`,
          "Publish another port, or stop the program that uses it.",
        );
      case "denied": {
        const standIn = standInPort(port);
        if (standIn === undefined)
          return inUse(
            `this user may not listen on port ${port}.`,
            "Publish a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start.",
          );
        if (await this.#isTaken(standIn, all))
          return inUse(
            `this user may not listen on port ${port}, and port ${standIn}, which stands in for it, is in use.`,
            `Free port ${standIn}, publish another port, or lower net.ipv4.ip_unprivileged_port_start.`,
          );
        this.#standIns.set(standIn, port);
        return this.#announce(resource, port, standIn);
      }
      case "free":
        return undefined;
    }
  }

  /** True if something else than another port's stand-in uses the port, or is about to. */
  async #isTaken(port: number, holders: readonly PortHolder[]): Promise<boolean> {
    if (this.#standIns.has(port)) return false;
    const claims: readonly { readonly ports: readonly HeldPort[] }[] = [...this.#claims.values(), ...holders];
    return (
      claims.some(({ ports }) => ports.some((one) => one.port === port)) || (await this.#lookup.probe(port)) !== "free"
    );
  }

  #announce({ label, urn }: PortResource, port: number, standIn: number): undefined {
    const sentence = `${label}: port ${standIn} stands in for port ${port}, on which this user may not listen. Its URL has that port.`;
    this.#inform([sentence], urn);
  }

  /** What cannot be looked up fails no check: the create reports it. */
  #list(): Promise<readonly PortHolder[]> {
    this.#holders ??= this.#lookup.list().catch(() => []);
    return this.#holders;
  }

  /** True if the holder is a resource of the program that was checked, and this plan takes the port from it. */
  #gives(holder: PortHolder, port: number): boolean {
    const claims = [...this.#claims.values()].filter(({ name }) => isNamed(holder, name));
    return claims.length > 0 && claims.every(({ ports }) => ports.every((one) => one.port !== port));
  }
}

/** Sentence and hint. */
const standInTaken = (port: number, published: number): readonly [string, string] => [
  `port ${port} stands in for port ${published}, on which this user may not listen.`,
  `Publish another port, or lower net.ipv4.ip_unprivileged_port_start to ${published}.`,
];

const isNamed = ({ service, instances }: PortHolder, name: unknown): boolean =>
  service === name || instances.some((instance) => instance === name);

/** True for the resource's own service: the predecessor of a replacement, which is deleted first. */
function isOwn({ name, derivedFrom }: PortResource, holder: PortHolder): boolean {
  if (isNamed(holder, name)) return true;
  if (derivedFrom === undefined) return false;
  const { resourceName, resourceHash } = derivedFrom;
  const first = deriveName(resourceName, resourceHash);
  return [holder.service, ...holder.instances].some(
    (candidate) => candidate.startsWith(first) && ORDINAL_PATTERN.test(candidate.slice(first.length)),
  );
}
/** What follows the first choice of a derived name in the later ones. */
const ORDINAL_PATTERN = /^(-\d{1,3})?$/;
