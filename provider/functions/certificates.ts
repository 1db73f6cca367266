/** Functions about certificates. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { type CertificateItem, commonNameOf } from "../contract/models";
import { listAll } from "../client/pagination";
import { plainDomain } from "../base/domainName";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { exactlyOne, hasPrefix, namePrefixFilter, oneOf, queryOf } from "./filters";
import { fromWire } from "./fromWire";

const facts = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  commonName: field(z.string().optional(), { description: "The domain it is for, without a dot at the end." }),
  state: field(z.string().optional(), { description: "`pending`, `valid` or `error`." }),
  subject: field(z.string().optional(), { description: "Subject, once issued." }),
  issuer: field(z.string().optional(), { description: "Issuer, once issued." }),
  serialNumber: field(z.string().optional(), { description: "Serial number in hexadecimal digits, once issued." }),
  notBefore: field(z.string().optional(), { description: "Valid from, RFC 3339." }),
  notAfter: field(z.string().optional(), { description: "Valid until, RFC 3339." }),
};
const result = z.object(facts);

const toResult = (item: CertificateItem): z.output<typeof result> =>
  fromWire(result, item, { commonName: commonNameOf(item) });

/** One certificate. */
export const getCertificate = defineFunction({
  kind: "getCertificate",
  description: "A certificate that exists, uploaded or issued for a domain. Chain and key are never reported.",
  inputs: z.strictObject(oneOf("certificate")),
  outputs: result,
  rules: [exactlyOne],
  run: async ({ client, metro }, inputs) =>
    toResult(
      onlyItem(
        await client.getCertificates({ query: queryOf(inputs) }),
        `Reading certificate '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`,
      ),
    ),
});

/** All certificates that pass the filters. */
export const getCertificates = defineFunction({
  kind: "getCertificates",
  description: "The certificates of the account in this metro, oldest first.",
  inputs: z.strictObject({
    ...namePrefixFilter("certificates"),
    commonName: field(z.string().optional(), { description: "Only certificates for this domain." }),
  }),
  outputs: z.object({
    certificates: field(z.array(objectType("CertificateInfo", "A certificate, as it is reported.", z.object(facts))), {
      description: "The certificates, oldest first.",
    }),
  }),
  run: async ({ client }, { namePrefix, commonName }) => ({
    certificates: (await listAll(client.getCertificates, {}))
      .map(toResult)
      .filter(hasPrefix(namePrefix))
      .filter((one) => commonName === undefined || plainDomain(one.commonName ?? "") === plainDomain(commonName)),
  }),
});
