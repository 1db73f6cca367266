/** Functions about certificates. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { type CertificateItem, commonNameOf } from "../contract/models";
import { listAll } from "../client/pagination";
import { canonicalDomainName } from "../base/hostNames";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { selectorRule, hasNamePrefix, namePrefixFilter, selectorFields, toSelectorQuery } from "./filters";
import { fromWire } from "./fromWire";

const certificateFields = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  commonName: field(z.string().optional(), { description: "Domain of the certificate, without a trailing dot." }),
  state: field(z.string().optional(), { description: "`pending`, `valid` or `error`." }),
  subject: field(z.string().optional(), { description: "Subject, once issued." }),
  issuer: field(z.string().optional(), { description: "Issuer, once issued." }),
  serialNumber: field(z.string().optional(), { description: "Serial number in hexadecimal digits, once issued." }),
  notBefore: field(z.string().optional(), { description: "Valid from, RFC 3339." }),
  notAfter: field(z.string().optional(), { description: "Valid until, RFC 3339." }),
};
const certificateResult = z.object(certificateFields);

const toCertificateResult = (item: CertificateItem): z.output<typeof certificateResult> =>
  fromWire(certificateResult, item, { commonName: commonNameOf(item) });

/** Looks up one certificate. */
export const getCertificate = defineFunction({
  kind: "getCertificate",
  description: "Looks up a certificate, uploaded or obtained by the platform. Chain and key are never reported.",
  inputs: z.strictObject(selectorFields("certificate")),
  outputs: certificateResult,
  rules: [selectorRule],
  run: async ({ client, metro }, inputs) =>
    toCertificateResult(
      onlyItem(
        await client.getCertificates({ query: toSelectorQuery(inputs) }),
        `Reading certificate '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`,
      ),
    ),
});

/** Lists the certificates that match the filters. */
export const getCertificates = defineFunction({
  kind: "getCertificates",
  description: "Lists the certificates of the account in this metro, oldest first.",
  inputs: z.strictObject({
    ...namePrefixFilter("certificates"),
    commonName: field(z.string().optional(), { description: "Only certificates for this domain. Default: all." }),
  }),
  outputs: z.object({
    certificates: field(
      z.array(objectType("CertificateInfo", "A certificate as the API reports it.", z.object(certificateFields))),
      {
        description: "Certificates, oldest first.",
      },
    ),
  }),
  run: async ({ client }, { namePrefix, commonName }) => ({
    certificates: (await listAll(client.getCertificates, {}))
      .map(toCertificateResult)
      .filter(hasNamePrefix(namePrefix))
      .filter(
        (one) =>
          commonName === undefined || canonicalDomainName(one.commonName ?? "") === canonicalDomainName(commonName),
      ),
  }),
});
