/** A service group as the API reports it. */
import { toRfc3339 } from "../../../base/clock";
import type { Service } from "../../services/service";
import type { ItemOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import type { ServiceRecord } from "../../store/services";

/** Domains with the public data of their certificates. */
export const domainItems = (registry: Registry, { domains }: ServiceRecord) =>
  domains.map(({ fqdn, certificateUuid }) => {
    const certificate = certificateUuid === undefined ? undefined : registry.certificates.get(certificateUuid);
    if (certificate === undefined) return { fqdn };
    return { fqdn, certificate: { uuid: certificate.uuid, name: certificate.name, state: "valid" as const } };
  });

/** `host_port` of a port that is open on another port of this machine. */
export function hostPortMember({ proxy }: Service, port: number): { readonly host_port?: number } {
  const hostPort = proxy.hostPortOf(port);
  return hostPort === port ? {} : { host_port: hostPort };
}

/** The item of a service group. Omits properties that are not set. */
export function serviceItem(registry: Registry, service: Service): ItemOf<"getServices"> {
  const { record } = service;
  return {
    status: "success",
    uuid: record.uuid,
    name: record.name,
    created_at: toRfc3339(record.createdAt),
    persistent: record.persistent,
    autoscale: record.autoscale !== undefined,
    soft_limit: record.softLimit,
    hard_limit: record.hardLimit,
    services: record.ports.map(({ port, destinationPort, handlers }) => ({
      port,
      destination_port: destinationPort,
      protocol: "tcp",
      handlers,
      ...hostPortMember(service, port),
    })),
    domains: domainItems(registry, record),
    instances: registry.instancesOfService(record.uuid).map(({ record: { uuid, name } }) => ({ uuid, name })),
    ...(record.autokillTimeMs === 0 ? {} : { autokill: { time_ms: record.autokillTimeMs } }),
  };
}
