/** Certificates: what is uploaded for domains. Chain and key go in and never come out. */
import type { ItemOf } from "../../contract/routes";
import { createCertificate, removeCertificate, replaceCertificate, usersOf } from "../certificates/operations";
import { readChain } from "../certificates/validate";
import type { Platform } from "../registry";
import type { CertificateRecord } from "../store/certificates";
import type { Handlers, Selector } from "./request";
import { eachItem, find, readItems, timeText } from "./items";

type CertificateRoutes = "createCertificate" | "getCertificates" | "updateCertificates" | "deleteCertificates";

/** Handlers of `/v1/certificates`. */
export function certificateHandlers(platform: Platform): Pick<Handlers, CertificateRoutes> {
  const { log } = platform.parts;
  // Service groups that are being made or changed may be about to use one.
  const { serviceTurn } = platform;
  const all = (): CertificateRecord[] => [...platform.certificates.values()];
  const facts = (certificate: CertificateRecord) => certificate;
  const named = (selector: Selector) => find(all(), facts, "certificate", selector);
  const toItem = (certificate: CertificateRecord) => certificateItem(platform, certificate);

  return {
    createCertificate: async ({ body }) => ({
      items: await eachItem([body], log, () => toItem(createCertificate(platform, body))),
    }),
    getCertificates: async (request) => ({
      items: await readItems(request, log, all(), facts, "certificate", toItem),
    }),
    updateCertificates: async ({ body }) => ({
      items: await eachItem(body, log, (entry) => toItem(replaceCertificate(platform, named(entry), entry))),
    }),
    deleteCertificates: async ({ body }) => ({
      items: await eachItem(body, log, (selector) =>
        serviceTurn.take(() => {
          const certificate = named(selector);
          removeCertificate(platform, certificate);
          return { status: "success" as const, uuid: certificate.uuid, name: certificate.name };
        }),
      ),
    }),
  };
}

function certificateItem(platform: Platform, certificate: CertificateRecord): ItemOf<"getCertificates"> {
  const [own] = readChain(certificate.chain);
  const oneLine = (distinguishedName: string): string => distinguishedName.split("\n").join(", ");
  return {
    status: "success",
    uuid: certificate.uuid,
    name: certificate.name,
    created_at: timeText(certificate.createdAt),
    common_name: certificate.commonName,
    state: "valid",
    subject: oneLine(own.subject),
    issuer: oneLine(own.issuer),
    serial_number: own.serialNumber,
    not_before: timeText(Date.parse(own.validFrom)),
    not_after: timeText(Date.parse(own.validTo)),
    service_groups: usersOf(platform, certificate).map(({ uuid, name }) => ({ uuid, name })),
  };
}
