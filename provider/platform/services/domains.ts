/** Domains of service groups, and their certificates. Pure. */
import { findBySelector } from "../lookup";
import { type DomainRequest, MAX_DOMAINS } from "../../contract/models";
import { coversDomain, isDomainName, isWildcard } from "../certificates/domainName";

import { firstDuplicate } from "../instances/update/rules";
import { randomText } from "../objectNames";
import { ApiItemError } from "../errors";
import type { CertificateRecord } from "../store/certificates";
import type { ServiceDomain, ServiceRecord } from "../store/services";

/** Longest label of a domain name. Source: RFC 1035, section 2.3.4. */
const MAX_LABEL_LENGTH = 63;
const RANDOM_SUFFIX_LENGTH = 8;

/**
 * Expands `shop` to `shop.localhost`, which resolves to the loopback address. A name with a trailing dot is complete.
 */
export const toFqdn = (domain: string): string =>
  (domain.endsWith(".") ? domain.slice(0, -1) : `${domain}.localhost`).toLowerCase();

/**
 * The default domain of a service group, from its name. A name that the user chose (`isChosen`) gets a random suffix.
 */
export function generateDomain(name: string, isChosen: boolean): ServiceDomain {
  if (!isChosen) return { fqdn: toFqdn(name) };
  const label = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const stem = label.slice(0, MAX_LABEL_LENGTH - RANDOM_SUFFIX_LENGTH - 1).replace(/^-+|-+$/g, "");
  return {
    fqdn: toFqdn(stem === "" ? randomText(RANDOM_SUFFIX_LENGTH) : `${stem}-${randomText(RANDOM_SUFFIX_LENGTH)}`),
  };
}

/**
 * Resolves a requested domain. A complete name without a certificate gets an uploaded one that covers it, if there is one.
 *
 * Throws `Invalid` (not a domain name; a certificate for a label below `localhost`; a wildcard without a certificate),
 * `NotFound` (no such certificate), `CertCnMismatch`.
 */
export function resolveDomain(request: DomainRequest, certificates: readonly CertificateRecord[]): ServiceDomain {
  const fqdn = toFqdn(request.name);
  if (!isDomainName(fqdn)) throw new ApiItemError("Invalid", `'${fqdn}' is not a domain name`);
  const isFqdn = request.name.endsWith(".");
  if (!isFqdn && isWildcard(fqdn)) {
    throw new ApiItemError("Invalid", `'${request.name}' is not a label; a full domain name must end with a dot`);
  }
  const certificate = isFqdn
    ? findCertificateFor(fqdn, request.certificate, certificates)
    : assertNoCertificate(request);
  if (certificate === undefined && isWildcard(fqdn)) {
    throw new ApiItemError(
      "Invalid",
      `Domain '${fqdn}' needs a certificate: the local platform creates none for wildcards`,
    );
  }
  return { fqdn, ...(certificate === undefined ? {} : { certificateUuid: certificate.uuid }) };
}

function findCertificateFor(
  fqdn: string,
  requested: DomainRequest["certificate"],
  certificates: readonly CertificateRecord[],
): CertificateRecord | undefined {
  if (requested === undefined) {
    const exact = certificates.find(({ commonName }) => commonName === fqdn);
    return exact ?? certificates.find(({ commonName }) => coversDomain(commonName, fqdn));
  }
  const certificate = findBySelector(certificates, (one) => one, "certificate", requested);
  if (coversDomain(certificate.commonName, fqdn)) return certificate;
  throw new ApiItemError(
    "CertCnMismatch",
    `Certificate '${certificate.name}' is for '${certificate.commonName}', not for domain '${fqdn}'`,
  );
}

function assertNoCertificate({ name, certificate }: DomainRequest): undefined {
  if (certificate === undefined) return undefined;
  throw new ApiItemError(
    "Invalid",
    `Domain '${name}' is a label below 'localhost', which takes no certificate; use a full domain name that ends with a dot`,
  );
}

/**
 * Throws `TooMany`, `Invalid` for a domain that is listed twice, `CannotBeUsed` for a domain of another service group.
 */
export function assertDomainsAvailable(domains: readonly ServiceDomain[], others: readonly ServiceRecord[]): void {
  if (domains.length > MAX_DOMAINS) {
    const why = `with these it would have ${domains.length}`;
    throw new ApiItemError("TooMany", `A service group has at most ${MAX_DOMAINS} domains; ${why}`);
  }
  const twice = firstDuplicate(domains.map(({ fqdn }) => fqdn));
  if (twice !== undefined) throw new ApiItemError("Invalid", `Domain '${twice}' is listed twice`);
  const wanted = new Set(domains.map(({ fqdn }) => fqdn));
  for (const other of others) {
    const taken = other.domains.find(({ fqdn }) => wanted.has(fqdn));
    if (taken === undefined) continue;
    throw new ApiItemError("CannotBeUsed", `Domain '${taken.fqdn}' is already in use by service group '${other.name}'`);
  }
}
