/** Creates, replaces and deletes uploaded certificates. */
import * as crypto from "node:crypto";
import type { CreateCertificateRequest } from "../../contract/models";
import { assertNameAvailable, uniqueName } from "../objectNames";
import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import { type CertificateRecord, deleteCertificate, saveCertificate } from "../store/certificates";
import type { ServiceRecord } from "../store/services";
import { isDomainName } from "./domainName";
import { assertValidCertificate } from "./validate";

/** Service groups with a domain that uses this certificate. */
export const servicesUsingCertificate = (registry: Registry, { uuid }: CertificateRecord): readonly ServiceRecord[] =>
  [...registry.services.values()]
    .map(({ record }) => record)
    .filter(({ domains }) => domains.some(({ certificateUuid }) => certificateUuid === uuid));

/** The common name, which a request gives under one of two field names. Throws `ApiItemError`: `NotBoth`, `Invalid`. */
function parseCommonName({ common_name, cn }: CreateCertificateRequest): string {
  if (common_name !== undefined && cn !== undefined) {
    throw new ApiItemError("NotBoth", "Give either 'common_name' or 'cn', not both");
  }
  const requested = common_name ?? cn;
  if (requested === undefined)
    throw new ApiItemError("Invalid", "'common_name' is missing in certificate creation arguments");
  const commonName = requested.replace(/\.$/, "").toLowerCase();
  if (isDomainName(commonName)) return commonName;
  throw new ApiItemError(
    "Invalid",
    `Invalid 'common_name' '${requested}': it must be a domain name, or '*.' followed by one`,
  );
}

/**
 * Saves an uploaded certificate. Throws `ApiItemError`: `Invalid`, `NotBoth`, `AlreadyExists`, and `CertCnMismatch` when
 * the certificate is for other names.
 */
export function createCertificate(registry: Registry, body: CreateCertificateRequest): CertificateRecord {
  const commonName = parseCommonName(body);
  const isTaken = (name: string): boolean => [...registry.certificates.values()].some((one) => one.name === name);
  const name = body.name ?? uniqueName(commonName.replace(/^\*\./, ""), isTaken);
  assertNameAvailable("certificate", name, isTaken);
  assertValidCertificate(commonName, body.chain, body.pkey);
  const { chain, pkey } = body;
  const record = { uuid: crypto.randomUUID(), name, createdAt: registry.parts.clock.now(), commonName, chain, pkey };
  persistCertificate(registry, record);
  registry.parts.log.write("certificate.created", { uuid: record.uuid, name, common_name: commonName });
  return record;
}

/**
 * Replaces chain and key; services use them from the next connection on. Throws `ApiItemError`: `Invalid`,
 * `CertCnMismatch`.
 */
export function replaceCertificate(
  registry: Registry,
  before: CertificateRecord,
  { chain, pkey }: { readonly chain: string; readonly pkey: string },
): CertificateRecord {
  assertValidCertificate(before.commonName, chain, pkey);
  const record = { ...before, chain, pkey };
  persistCertificate(registry, record);
  registry.parts.log.write("certificate.replaced", { uuid: record.uuid, name: record.name });
  return record;
}

/** Deletes a certificate. Throws `ApiItemError` `Attached` while a service group uses it. */
export function removeCertificate(registry: Registry, record: CertificateRecord): void {
  const { uuid, name } = record;
  const users = servicesUsingCertificate(registry, record);
  if (users.length > 0) {
    const names = users.map((service) => `'${service.name}'`).join(", ");
    throw new ApiItemError("Attached", `Certificate '${name}' is used by service group ${names}`);
  }
  deleteCertificate(registry.parts.database, uuid);
  registry.certificates.delete(uuid);
  registry.parts.log.write("certificate.deleted", { uuid, name });
}

function persistCertificate(registry: Registry, record: CertificateRecord): void {
  saveCertificate(registry.parts.database, record);
  registry.certificates.set(record.uuid, record);
}
