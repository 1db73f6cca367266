/** Inputs of a Certificate. Pure. */
import * as z from "zod";
import { field } from "../../definition/resource";
import { adoptField } from "../common/adopt";
import { freeFormNameField } from "../common/fields";

/** A domain name of any depth, or `*.` and one; without a dot at its end. */
const DOMAIN_PATTERN = /^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;
const MAX_DOMAIN_LENGTH = 253;

/** Inputs of a Certificate. */
export const certificateInputs = z.strictObject({
  name: freeFormNameField("certificate"),
  commonName: field(
    z
      .string()
      .max(MAX_DOMAIN_LENGTH)
      .regex(
        DOMAIN_PATTERN,
        "must be a domain name such as www.example.com or *.example.com, without a dot at its end",
      ),
    { description: "The domain it is for, such as `www.example.com` or `*.example.com`.", onChange: "replace" },
  ),
  chain: field(z.string().min(1), {
    description: "The certificate and then its issuers, as PEM. Replaced in place, without a gap.",
  }),
  key: field(z.string().min(1), {
    description: "The private key of the certificate, as PEM without a passphrase. Kept secret in state.",
    secret: true,
  }),
  adopt: adoptField("a certificate"),
});

/** Checked inputs of a Certificate. */
export type CertificateInputs = z.output<typeof certificateInputs>;
