/**
 * Published ports at preview. On the local platform a port for plain TCP belongs to one service, and no port can be shared with another
 * program, so a port that is taken fails the check: by another resource of the program, by a service of the platform, or by another
 * program on this machine. Ports with the handler `tls` or `http` are shared, because domains tell the services apart, as they do in
 * other metros.
 */
import { UnikernelError, formatError } from "../base/errors";
import { isSelectedByName } from "../contract/models/service";
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
  /** Tells resources apart: the URN, or the label where that is not known. */
  readonly key: string;
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

interface Claim {
  readonly label: string;
  readonly name: unknown;
  readonly ports: readonly HeldPort[];
}

/** Checks the ports of one plan, one resource after the other. */
export class PortChecker {
  /** By resource. */
  readonly #claims = new Map<string, Claim>();
  readonly #lookup: PortLookup;
  #holders: Promise<readonly PortHolder[]> | undefined;

  constructor(lookup: PortLookup) {
    this.#lookup = lookup;
  }

  /** The taken ports, as sentences. Only ports that are new for the resource are looked up. */
  async check(resource: PortResource): Promise<readonly string[]> {
    const { key, label, name, olds, news } = resource;
    const wanted = publishedPorts(news);
    this.#claims.set(key, { label, name, ports: wanted });
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
      if (key === resource.key || !claim.ports.some(excludes)) continue;
      return inUse(
        `${claim.label} of this program publishes port ${port} too.`,
        "Publish another port in one of them.",
      );
    }
    const holders = (await this.#list()).filter(({ ports }) => ports.some((one) => one.port === port));
    const holder = holders.find(({ ports }) => ports.some(excludes));
    if (holders.length > 0) {
      if (holder === undefined || isOwn(resource, holder) || this.#gives(holder, port)) return undefined;
      const hint = "Publish another port, or delete that service first.";
      return inUse(`service '${holder.service}' of the local platform publishes port ${port}.`, hint);
    }
    switch (await this.#lookup.probe(port)) {
      case "used":
        return inUse(
          `another program on this machine listens on port ${port}.`,
          "Publish another port, or stop the program that uses it.",
        );
      case "denied":
        return inUse(
          `this user may not listen on port ${port}.`,
          "Publish a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start.",
        );
      case "free":
        return undefined;
    }
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
