/** Outputs of a Certificate. Pure. */
import * as z from "zod";
import type { CertificateItem } from "../../contract/models";
import { field } from "../../definition/resource";

/** Outputs of a Certificate. */
export const certificateOutputs = z.object({
  state: field(z.string(), { description: "`valid`, `pending` while it is being issued, or `error`." }),
  subject: field(z.string(), { description: "Subject of the certificate; empty while pending." }),
  issuer: field(z.string(), { description: "Issuer of the certificate; empty while pending." }),
  serialNumber: field(z.string(), { description: "Serial number in hexadecimal; empty while pending." }),
  notBefore: field(z.string(), { description: "Start of its validity, RFC 3339; empty while pending." }),
  notAfter: field(z.string(), { description: "End of its validity, RFC 3339; empty while pending." }),
  validation: field(z.string(), {
    description: "Progress of issuing, such as `attempt 2, next at 2026-01-01T00:00:00Z`; empty unless pending.",
  }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
});
/** The output values of a Certificate. */
export type CertificateOutputs = z.output<typeof certificateOutputs>;

/** The outputs, from what the API reports. */
export function toOutputs(item: CertificateItem): CertificateOutputs {
  const { attempt, next } = item.validation ?? {};
  const after = next === undefined ? "" : `, next at ${next}`;
  return {
    state: item.state ?? "",
    subject: item.subject ?? "",
    issuer: item.issuer ?? "",
    serialNumber: item.serial_number ?? "",
    notBefore: item.not_before ?? "",
    notAfter: item.not_after ?? "",
    validation: attempt === undefined ? "" : `attempt ${attempt}${after}`,
    createdAt: item.created_at ?? "",
  };
}
