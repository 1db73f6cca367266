/** Which published port a probe goes through, in a metro that offers no other way to an instance. Pure. */
import { UnikernelError } from "../../base/errors";
import type { ReadinessProbe, ServiceItem, ServicePort } from "../../contract/models";

/** A published port, as a request or a response has it. */
type PortItem = {
  readonly port: ServicePort["port"];
  readonly destination_port?: number | undefined;
  readonly handlers?: readonly string[] | null | undefined;
  readonly protocol?: string | undefined;
  readonly host_port?: number | undefined;
};

/** A published port that leads into the instance. */
export interface Route {
  /** The port that clients connect to. */
  readonly port: number;
  readonly isTls: boolean;
  readonly isHttp: boolean;
}

/** The first domain of a group, under which it is asked; `undefined` if it has none. */
export const firstDomain = ({ domains }: Pick<ServiceItem, "domains">): string | undefined =>
  (domains ?? [])[0]?.fqdn.replace(/\.$/, "");

/** True for a TCP port that leads into the instance. A redirect only leads to the client's next request. */
export const leadsInside = ({ protocol = "tcp", handlers }: Pick<PortItem, "protocol" | "handlers">): boolean =>
  protocol === "tcp" && handlers?.includes("redirect") !== true;

const toRoute = ({ port, host_port: hostPort = port, handlers }: PortItem): Route => ({
  port: hostPort,
  isTls: handlers?.includes("tls") === true,
  isHttp: handlers?.includes("http") === true,
});

/**
 * The ports through which the probe is sent: one for a probe that names a port inside the instance, else every TCP port.
 *
 * Throws `NOT_SUPPORTED` if no published port leads to the one that the probe names.
 *
 * @param metro in messages
 */
export function routesOf(
  { http, tcp }: Pick<ReadinessProbe, "http" | "tcp">,
  ports: readonly PortItem[],
  metro: string,
): readonly Route[] {
  const wanted = http?.port ?? tcp?.port;
  const open = ports.filter(leadsInside);
  if (wanted === undefined) return open.map(toRoute);
  const leading = open.filter(({ port, destination_port: destination = port }) => destination === wanted);
  // A probe may have secret headers.
  const found = leading.find(({ handlers }) => handlers?.includes("tls") === true) ?? leading[0];
  if (found !== undefined) return [toRoute(found)];
  throw new UnikernelError(
    "NOT_SUPPORTED",
    `The gate cannot be probed: no port of the service leads to ${wanted}, and metro '${metro}' has no other way to a replica.`,
    { property: "rollout.gate.port", hint: "Publish the port, or give a port that is published." },
  );
}
