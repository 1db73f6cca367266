/** Inputs of a Certificate. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";
import { adoptField } from "../common/adopt";
import { freeFormNameField } from "../common/fields";

/** A domain name, optionally with a leading `*.`, without a trailing dot. */
const DOMAIN_PATTERN = /^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;
const MAX_DOMAIN_LENGTH = 253;

/** Inputs of a Certificate. */
export const certificateInputs = z.strictObject({
  name: freeFormNameField("certificate"),
  commonName: field(
    z
      .string()
      .max(MAX_DOMAIN_LENGTH)
      .regex(DOMAIN_PATTERN, "must be a domain name such as www.example.com or *.example.com, without a trailing dot"),
    { description: "Domain of the certificate, such as `www.example.com` or `*.example.com`.", onChange: "replace" },
  ),
  chain: field(z.string().min(1), {
    description: "PEM text: the certificate, then its issuers. A change is applied in place without downtime.",
  }),
  key: field(z.string().min(1), {
    description: "Private key of the certificate: PEM text without a passphrase. Encrypted in state.",
    secret: true,
  }),
  adopt: adoptField("a certificate"),
});

/** Checked inputs of a Certificate. */
export type CertificateInputs = z.output<typeof certificateInputs>;
