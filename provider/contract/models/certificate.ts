/** Certificates. Chain and key go in and never come out. */
import * as z from "zod";
import { itemStatus, name, withSelector, timestamp } from "./common";

export const CERTIFICATE_STATES = ["pending", "valid", "error"] as const;

const certificateMaterial = {
  /** PEM: the certificate first, then its issuers. */
  chain: z.string().min(1),
  /** PEM. Secret. */
  pkey: z.string().min(1),
};

/** With exactly one of `common_name` and `cn`, which is all that older nodes know. */
export const createCertificateRequest = z.strictObject({
  name: name.optional(),
  common_name: z.string().min(1).max(255).optional(),
  cn: z.string().min(1).max(255).optional(),
  ...certificateMaterial,
});
export type CreateCertificateRequest = z.infer<typeof createCertificateRequest>;

export const updateCertificateRequest = withSelector(certificateMaterial);

export const certificateItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: timestamp.optional(),
  common_name: z.string().optional(),
  /** What older nodes call `common_name`. */
  cn: z.string().optional(),
  state: z.enum(CERTIFICATE_STATES).optional(),
  subject: z.string().optional(),
  issuer: z.string().optional(),
  /** Hexadecimal. */
  serial_number: z.string().optional(),
  not_before: timestamp.optional(),
  not_after: timestamp.optional(),
  /** While pending. */
  validation: z.looseObject({ attempt: z.int(), next: timestamp.optional() }).nullish(),
  service_groups: z.array(z.looseObject({ uuid: z.string(), name: z.string() })).nullish(),
});
export type CertificateItem = z.infer<typeof certificateItem>;

/** The domain that a certificate is for, without a dot at the end; `undefined` where the node does not say it. */
export const commonNameOf = ({ common_name, cn }: CertificateItem): string | undefined =>
  (common_name ?? cn)?.replace(/\.$/, "");
