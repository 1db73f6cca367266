/** Certificates. The API never returns chain and key. */
import * as z from "zod";
import { itemStatus, name, withSelector, timestamp } from "./common";

/** States of a certificate. */
export const CERTIFICATE_STATES = ["pending", "valid", "error"] as const;

const certificateMaterial = {
  /** PEM: the certificate first, then its issuers. */
  chain: z.string().min(1),
  /** PEM. Secret. */
  pkey: z.string().min(1),
};

/** Body of `POST /v1/certificates`. Has exactly one of `common_name` and `cn`; older nodes know only `cn`. */
export const createCertificateRequest = z.strictObject({
  name: name.optional(),
  common_name: z.string().min(1).max(255).optional(),
  cn: z.string().min(1).max(255).optional(),
  ...certificateMaterial,
});
/** One {@link createCertificateRequest}. */
export type CreateCertificateRequest = z.infer<typeof createCertificateRequest>;

/** Body of `PUT /v1/certificates`: replaces chain and key. */
export const updateCertificateRequest = withSelector(certificateMaterial);

/** A certificate in a response. */
export const certificateItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  created_at: timestamp.optional(),
  common_name: z.string().optional(),
  /** Name of `common_name` on older nodes. */
  cn: z.string().optional(),
  state: z.enum(CERTIFICATE_STATES).optional(),
  subject: z.string().optional(),
  issuer: z.string().optional(),
  /** Hexadecimal. */
  serial_number: z.string().optional(),
  not_before: timestamp.optional(),
  not_after: timestamp.optional(),
  /** Present while the certificate is pending. */
  validation: z.looseObject({ attempt: z.int(), next: timestamp.optional() }).nullish(),
  service_groups: z.array(z.looseObject({ uuid: z.string(), name: z.string() })).nullish(),
});
/** One item of {@link certificateItem}. */
export type CertificateItem = z.infer<typeof certificateItem>;

/** The domain of a certificate, without a trailing dot; `undefined` if the node does not report it. */
export const commonNameOf = ({ common_name, cn }: CertificateItem): string | undefined =>
  (common_name ?? cn)?.replace(/\.$/, "");
