/** Certificates that users upload for domains. No response contains a chain or key. */
import { toRfc3339 } from "../../base/clock";
import { type Selector, findBySelector, readItems } from "../lookup";
import type { ItemOf } from "../../contract/routes";
import {
  createCertificate,
  removeCertificate,
  replaceCertificate,
  servicesUsingCertificate,
} from "../certificates/operations";
import { parseChain } from "../certificates/validate";
import type { Registry } from "../registry";
import type { CertificateRecord } from "../store/certificates";
import type { Handlers } from "./handler";
import { mapItems } from "./items";

type CertificateRoutes = "createCertificate" | "getCertificates" | "updateCertificates" | "deleteCertificates";

/** Handlers of `/v1/certificates`. */
export function certificateHandlers(registry: Registry): Pick<Handlers, CertificateRoutes> {
  const { log } = registry.parts;
  // A service group that is being created or changed may be about to use the certificate.
  const { serviceMutex } = registry;
  const all = (): CertificateRecord[] => [...registry.certificates.values()];
  const identityOf = (certificate: CertificateRecord) => certificate;
  const findCertificate = (selector: Selector) => findBySelector(all(), identityOf, "certificate", selector);
  const toItem = (certificate: CertificateRecord) => certificateItem(registry, certificate);

  return {
    createCertificate: async ({ body }) => ({
      items: await mapItems([body], log, () => toItem(createCertificate(registry, body))),
    }),
    getCertificates: async (request) => ({
      items: readItems(request, log, all(), identityOf, "certificate", toItem),
    }),
    updateCertificates: async ({ body }) => ({
      items: await mapItems(body, log, (entry) => toItem(replaceCertificate(registry, findCertificate(entry), entry))),
    }),
    deleteCertificates: async ({ body }) => ({
      items: await mapItems(body, log, (selector) =>
        serviceMutex.runExclusive(() => {
          const certificate = findCertificate(selector);
          removeCertificate(registry, certificate);
          return { status: "success" as const, uuid: certificate.uuid, name: certificate.name };
        }),
      ),
    }),
  };
}

function certificateItem(registry: Registry, certificate: CertificateRecord): ItemOf<"getCertificates"> {
  const [own] = parseChain(certificate.chain);
  const oneLine = (distinguishedName: string): string => distinguishedName.split("\n").join(", ");
  return {
    status: "success",
    uuid: certificate.uuid,
    name: certificate.name,
    created_at: toRfc3339(certificate.createdAt),
    common_name: certificate.commonName,
    state: "valid",
    subject: oneLine(own.subject),
    issuer: oneLine(own.issuer),
    serial_number: own.serialNumber,
    not_before: toRfc3339(Date.parse(own.validFrom)),
    not_after: toRfc3339(Date.parse(own.validTo)),
    service_groups: servicesUsingCertificate(registry, certificate).map(({ uuid, name }) => ({ uuid, name })),
  };
}
