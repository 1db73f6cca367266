/** Certificates from their upload to their end. */
import * as crypto from "node:crypto";
import type { CreateCertificateRequest } from "../../contract/models";
import { uniqueName } from "../objectNames";
import type { Platform } from "../registry";
import { Refusal } from "../errors";
import { type CertificateRecord, deleteCertificate, saveCertificate } from "../store/certificates";
import type { ServiceRecord } from "../store/services";
import { isDomainName } from "./domainName";
import { checkMaterial } from "./validate";

/** Service groups with a domain that uses this certificate. */
export const usersOf = (platform: Platform, { uuid }: CertificateRecord): readonly ServiceRecord[] =>
  [...platform.services.values()]
    .map(({ record }) => record)
    .filter(({ domains }) => domains.some(({ certificateUuid }) => certificateUuid === uuid));

/** Exactly one of both names of the field. Throws refusals `NotBoth`, `Invalid`. */
function commonNameOf({ common_name, cn }: CreateCertificateRequest): string {
  if (common_name !== undefined && cn !== undefined) {
    throw new Refusal("NotBoth", "Either 'common_name' or 'cn' must be given, not both");
  }
  const given = common_name ?? cn;
  if (given === undefined) throw new Refusal("Invalid", "'common_name' is missing in certificate creation arguments");
  const commonName = given.replace(/\.$/, "").toLowerCase();
  if (isDomainName(commonName)) return commonName;
  throw new Refusal("Invalid", `'common_name' must be a domain name, or '*.' and one; it is '${given}'`);
}

/**
 * Keeps an uploaded certificate. Throws refusals `Invalid`, `NotBoth`, `AlreadyExists`, and `CertCnMismatch` when the
 * certificate is for other names.
 */
export function createCertificate(platform: Platform, body: CreateCertificateRequest): CertificateRecord {
  const commonName = commonNameOf(body);
  const taken = (name: string): boolean => [...platform.certificates.values()].some((one) => one.name === name);
  const name = body.name ?? uniqueName(commonName.replace(/^\*\./, ""), taken);
  if (name.includes("/")) throw new Refusal("Invalid", `'${name}' is not a name: it contains '/'`);
  if (taken(name)) throw new Refusal("AlreadyExists", `A certificate with the name '${name}' already exists`);
  checkMaterial(commonName, body.chain, body.pkey);
  const { chain, pkey } = body;
  const record = { uuid: crypto.randomUUID(), name, createdAt: Date.now(), commonName, chain, pkey };
  keep(platform, record);
  platform.parts.log.write("certificate.created", { uuid: record.uuid, name, common_name: commonName });
  return record;
}

/** Replaces chain and key; services that use it show the new one to the next client. Throws as `createCertificate` does. */
export function replaceCertificate(
  platform: Platform,
  before: CertificateRecord,
  { chain, pkey }: { readonly chain: string; readonly pkey: string },
): CertificateRecord {
  checkMaterial(before.commonName, chain, pkey);
  const record = { ...before, chain, pkey };
  keep(platform, record);
  platform.parts.log.write("certificate.replaced", { uuid: record.uuid, name: record.name });
  return record;
}

/** Forgets a certificate. Throws a refusal `Attached` while a service group uses it. */
export function removeCertificate(platform: Platform, record: CertificateRecord): void {
  const { uuid, name } = record;
  const users = usersOf(platform, record);
  if (users.length > 0) {
    const names = users.map((service) => `'${service.name}'`).join(", ");
    throw new Refusal("Attached", `Certificate '${name}' is used by service group ${names}`);
  }
  deleteCertificate(platform.parts.database, uuid);
  platform.certificates.delete(uuid);
  platform.parts.log.write("certificate.deleted", { uuid, name });
}

function keep(platform: Platform, record: CertificateRecord): void {
  saveCertificate(platform.parts.database, record);
  platform.certificates.set(record.uuid, record);
}
