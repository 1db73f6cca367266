/** Opens a service group's ports, with the certificates of its domains. */
import { createSecureContext, type SecureContext } from "node:tls";
import { covers } from "../certificates/domainName";
import { selfSigned } from "../certificates/selfSigned";
import type { Platform, Service } from "../registry";
import type { Certificates } from "../proxy/tlsTermination";
import type { CertificateRecord } from "../store/certificates";
import type { ServiceRecord } from "../store/services";

/**
 * Makes the ports of `record`, which may differ from the service's present one, exactly those that are open.
 * Throws refusals `NoFree` (a port), `NotSupported` (no certificate can be had).
 */
export async function publishPorts(platform: Platform, service: Service, record: ServiceRecord): Promise<void> {
  const withTls = record.ports.some(({ handlers }) => handlers.includes("tls"));
  const tls = withTls ? await certificatesOf(platform, record) : undefined;
  await service.proxy.publish(
    record.ports.map(({ port, destinationPort, handlers }) => {
      const plain = handlers.includes("redirect") ? "redirect" : "plain";
      return { port, destinationPort, how: tls !== undefined && handlers.includes("tls") ? { tls } : plain };
    }),
  );
}

async function certificatesOf(platform: Platform, { uuid, domains }: ServiceRecord): Promise<Certificates> {
  const withoutOne = domains.filter(({ certificateUuid }) => certificateUuid === undefined);
  return {
    own: await selfSigned(withoutOne.map(({ fqdn }) => fqdn)),
    // Looked up for each connection, so that a renewed certificate serves the next one.
    uploaded: (serverName) => {
      const now = platform.services.get(uuid)?.record.domains ?? domains;
      const exact = now.find(({ fqdn }) => fqdn === serverName);
      const certificateUuid = (exact ?? now.find(({ fqdn }) => covers(fqdn, serverName)))?.certificateUuid;
      const certificate = certificateUuid === undefined ? undefined : platform.certificates.get(certificateUuid);
      return certificate && contextOf(certificate);
    },
  };
}

/** A context costs milliseconds and is the same as long as the record is. */
const contexts = new WeakMap<CertificateRecord, SecureContext>();

function contextOf(certificate: CertificateRecord): SecureContext {
  const known = contexts.get(certificate);
  if (known !== undefined) return known;
  const made = createSecureContext({ key: certificate.pkey, cert: certificate.chain });
  contexts.set(certificate, made);
  return made;
}
