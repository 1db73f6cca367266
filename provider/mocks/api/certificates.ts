/** Certificates of a mock metro. */
import * as crypto from "node:crypto";
import type { CreateCertificateRequest } from "../../contract/models/certificate";
import type { MockHandlers } from "./client";
import type { ObjectQuery } from "./objects";
import type { World } from "./world";

/** RFC 3339 of a date as OpenSSL prints it, such as `Jan  1 00:00:00 2026 GMT`. */
const toTimestamp = (text: string): string => new Date(text).toISOString();

/** The operations on certificates. */
export const certificateHandlers = ({ certificates }: World): MockHandlers => ({
  createCertificate: ({ name = "", common_name, cn, chain }: CreateCertificateRequest) => {
    const { serialNumber, subject, issuer, validFrom, validTo } = new crypto.X509Certificate(chain);
    const result = certificates.add(name, {
      common_name: common_name ?? cn,
      state: "valid",
      subject,
      issuer,
      serial_number: serialNumber,
      not_before: toTimestamp(validFrom),
      not_after: toTimestamp(validTo),
    });
    return "failed" in result ? result.failed : { status: "success", ...result.added };
  },
  getCertificates: (_body, { query }) => certificates.read(query as ObjectQuery, (one) => one),
});
