/** Publishes a service group's ports, with the certificates of its domains. */
import type { Service } from "./service";
import { createSecureContext, type SecureContext } from "node:tls";
import { coversDomain } from "../certificates/domainName";
import { createSelfSignedCertificate } from "../certificates/selfSigned";
import type { Registry } from "../registry";
import type { TlsCertificates } from "../proxy/tlsTermination";
import type { CertificateRecord } from "../store/certificates";
import type { ServiceRecord } from "../store/services";

/**
 * Opens the ports of `record`, which may differ from the service's current record, and closes all others.
 * Throws `NoFree` (a port is in use), `NotSupported` (a certificate cannot be created).
 */
export async function publishPorts(registry: Registry, service: Service, record: ServiceRecord): Promise<void> {
  const withTls = record.ports.some(({ handlers }) => handlers.includes("tls"));
  const tls = withTls ? await tlsCertificatesOf(registry, record) : undefined;
  await service.proxy.publish(
    record.ports.map(({ port, destinationPort, handlers }) => {
      const plain = handlers.includes("redirect") ? "redirect" : "plain";
      const isHttp = handlers.includes("http");
      return { port, destinationPort, isHttp, mode: tls !== undefined && handlers.includes("tls") ? { tls } : plain };
    }),
  );
}

async function tlsCertificatesOf(registry: Registry, { uuid, domains }: ServiceRecord): Promise<TlsCertificates> {
  const withoutCertificate = domains.filter(({ certificateUuid }) => certificateUuid === undefined);
  return {
    selfSigned: await createSelfSignedCertificate(withoutCertificate.map(({ fqdn }) => fqdn)),
    // Looked up per connection, so that the next connection gets a renewed certificate.
    findUploaded: (serverName) => {
      const now = registry.services.get(uuid)?.record.domains ?? domains;
      const exact = now.find(({ fqdn }) => fqdn === serverName);
      const certificateUuid = (exact ?? now.find(({ fqdn }) => coversDomain(fqdn, serverName)))?.certificateUuid;
      const certificate = certificateUuid === undefined ? undefined : registry.certificates.get(certificateUuid);
      return certificate && secureContextOf(certificate);
    },
  };
}

/** Cached per record, because creating a context takes milliseconds. */
const secureContexts = new WeakMap<CertificateRecord, SecureContext>();

function secureContextOf(certificate: CertificateRecord): SecureContext {
  const cached = secureContexts.get(certificate);
  if (cached !== undefined) return cached;
  const context = createSecureContext({ key: certificate.pkey, cert: certificate.chain });
  secureContexts.set(certificate, context);
  return context;
}
