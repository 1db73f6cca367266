/** Publishes a service group's ports, under its domains and with their certificates. */
import type { Service } from "./service";
import { coversDomain } from "../certificates/domainName";
import type { Registry } from "../registry";
import type { KeyPair } from "../proxy/ports/tlsHandshake";
import type { ServiceNames } from "../proxy/serviceProxy";
import type { ServiceRecord } from "../store/services";

/**
 * Opens the ports of `record`, which may differ from the service's current record, and leaves all others.
 * Throws `NoFree` (a port is in use).
 */
export async function publishPorts(registry: Registry, service: Service, record: ServiceRecord): Promise<void> {
  if (record.ports.some(({ handlers }) => handlers.includes("tls"))) registry.localCa.prepare();
  await service.proxy.publish(
    record.ports.map(({ port, destinationPort, handlers }) => {
      const isHttp = handlers.includes("http");
      const mode = handlers.includes("redirect") ? "redirect" : handlers.includes("tls") ? "tls" : "plain";
      return { port, destinationPort, isHttp, mode };
    }),
    namesOf(registry, record),
  );
}

function namesOf(registry: Registry, { domains }: ServiceRecord): ServiceNames {
  const uploadedFor = (serverName: string): KeyPair | undefined => {
    const domain =
      domains.find(({ fqdn }) => fqdn === serverName) ?? domains.find(({ fqdn }) => coversDomain(fqdn, serverName));
    // Looked up per connection, so that the next connection gets a renewed certificate.
    return domain?.certificateUuid === undefined ? undefined : registry.certificates.get(domain.certificateUuid);
  };
  return {
    domains: domains.map(({ fqdn }) => fqdn),
    certificateFor: (serverName) =>
      (serverName === undefined ? undefined : uploadedFor(serverName)) ?? registry.localCa.certificateFor(serverName),
  };
}
