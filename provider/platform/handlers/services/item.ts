/** A service group as the API shows it. */
import type { ItemOf } from "../../../contract/routes";
import type { Platform, Service } from "../../registry";
import type { ServiceRecord } from "../../store/services";
import { timeText } from "../items";

/** Domains with what is to be known of their certificates. */
export const domainItems = (platform: Platform, { domains }: ServiceRecord) =>
  domains.map(({ fqdn, certificateUuid }) => {
    const certificate = certificateUuid === undefined ? undefined : platform.certificates.get(certificateUuid);
    if (certificate === undefined) return { fqdn };
    return { fqdn, certificate: { uuid: certificate.uuid, name: certificate.name, state: "valid" as const } };
  });

/** Omits what was not asked for. */
export function serviceItem(platform: Platform, { record }: Service): ItemOf<"getServices"> {
  return {
    status: "success",
    uuid: record.uuid,
    name: record.name,
    created_at: timeText(record.createdAt),
    persistent: record.persistent,
    autoscale: record.autoscale !== undefined,
    soft_limit: record.softLimit,
    hard_limit: record.hardLimit,
    services: record.ports.map(({ port, destinationPort, handlers }) => ({
      port,
      destination_port: destinationPort,
      protocol: "tcp",
      handlers,
    })),
    domains: domainItems(platform, record),
    instances: platform.membersOf(record.uuid).map(({ record: { uuid, name } }) => ({ uuid, name })),
    ...(record.autokillTimeMs === 0 ? {} : { autokill: { time_ms: record.autokillTimeMs } }),
  };
}
