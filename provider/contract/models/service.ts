/** Service groups: published ports. */
import * as z from "zod";
import { autokillTime, itemStatus, name, nameOrUuid, withSelector, port, timestamp, patchOperation } from "./common";
import { certificateItem } from "./certificate";

/** A published port. */
export const servicePort = z.strictObject({
  port,
  destination_port: port.optional(),
  handlers: z
    .array(z.enum(["tls", "http", "redirect"]))
    .max(8)
    .optional(),
  protocol: z.enum(["tcp", "udp"]).optional(),
  /** Public IP address, if the account may choose one. */
  ip: z.string().optional(),
});
/** One {@link servicePort}. */
export type ServicePort = z.infer<typeof servicePort>;

/** True if a port with these handlers can have several services on the local platform: a client's first bytes name one of them. */
export const isSelectedByName = (handlers: readonly string[]): boolean =>
  handlers.includes("tls") || handlers.includes("http");

/** Extension: the port of this machine that clients connect to, on the local platform; absent if it is `port` itself. */
const hostPort = z.int().optional();
/** A port of a service, as far as clients need to know it. */
export interface ReportedPort {
  readonly port: number;
  /** Port that clients connect to instead; `undefined`: `port` itself. */
  readonly host_port?: number | undefined;
}
/** The part of an instance's service group that tells which of its ports have a `host_port`. */
export const portsElsewhere = z.array(z.looseObject({ port: z.int(), host_port: hostPort })).nullish();

/** The well-known ports that only some users may listen on, and what the local platform uses for the others. */
const STAND_IN_PORTS: ReadonlyMap<number, number> = new Map([
  [80, 8080],
  [443, 8443],
]);

/** The port that the local platform listens on where this user may not listen on `port`; `undefined`: there is none. */
export const standInPort = (port: number): number | undefined => STAND_IN_PORTS.get(port);

/** A domain of a service group. A name without a trailing dot is a label below the metro's domain. */
export const domainRequest = z.strictObject({ name: z.string().min(1), certificate: nameOrUuid.optional() });
/** One {@link domainRequest}. */
export type DomainRequest = z.infer<typeof domainRequest>;

/** Limit of ports per service group, which is that of the whole account. Source: the cloud's documentation of quotas. */
const MAX_PORTS = 253;
/** Limit of domains per service group. */
export const MAX_DOMAINS = 256;

const concurrencyLimit = z.int().min(1).max(65535);

/** Body of `POST /v1/services`. */
export const createServiceRequest = z.strictObject({
  name: name.optional(),
  /** Empty only on a metro with the feature `groups-without-ports`, and with `autokill`. */
  services: z.array(servicePort).max(MAX_PORTS),
  domains: z.array(domainRequest).max(MAX_DOMAINS).optional(),
  soft_limit: concurrencyLimit.optional(),
  hard_limit: concurrencyLimit.optional(),
  autokill: autokillTime.optional(),
});
/** One {@link createServiceRequest}. */
export type CreateServiceRequest = z.infer<typeof createServiceRequest>;

/** Address on which the local platform publishes ports, which are reachable from this machine only. */
export const PUBLISH_HOST = "127.0.0.1";

/** A service group in a response. */
export const serviceItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: timestamp.optional(),
  persistent: z.boolean().optional(),
  autoscale: z.boolean().optional(),
  soft_limit: z.int().optional(),
  hard_limit: z.int().optional(),
  services: z
    .array(
      z.looseObject({
        port: z.int(),
        destination_port: z.int().optional(),
        handlers: z.array(z.string()).nullish(),
        protocol: z.string().optional(),
        ip: z.string().optional(),
        host_port: hostPort,
      }),
    )
    .nullish(),
  /** A certificate has at least uuid, name and state. */
  domains: z.array(z.looseObject({ fqdn: z.string(), certificate: certificateItem.partial().nullish() })).nullish(),
  instances: z.array(z.looseObject({ uuid: z.string(), name: z.string() })).nullish(),
  autokill: z.looseObject({ time_ms: z.int().optional() }).nullish(),
});
/** One item of {@link serviceItem}. */
export type ServiceItem = z.infer<typeof serviceItem>;

/** Values that a PATCH of a service group may `set`, by property. */
export const servicePatchValues = {
  services: z.array(servicePort).min(1).max(MAX_PORTS),
  domains: z.array(domainRequest).max(MAX_DOMAINS),
  soft_limit: concurrencyLimit,
  hard_limit: concurrencyLimit,
  autokill: autokillTime,
} as const;
/** Name of a property in {@link servicePatchValues}. */
export type ServiceProp = keyof typeof servicePatchValues;

/** Item of the body of `PATCH /v1/services`. */
export const patchServiceRequest = withSelector({
  prop: z.enum(["services", "domains", "soft_limit", "hard_limit", "autokill"]),
  ...patchOperation,
});
