/** What a Certificate reports beside its inputs. Pure. */
import * as z from "zod";
import type { CertificateItem } from "../../contract/models";
import { field } from "../../definition/resource";

/** Outputs of a Certificate. */
export const certificateOutputs = z.object({
  state: field(z.string(), { description: "`valid`, `pending` while it is being issued, or `error`." }),
  subject: field(z.string(), { description: "Whom it was issued to; empty while it is pending." }),
  issuer: field(z.string(), { description: "Who issued it; empty while it is pending." }),
  serialNumber: field(z.string(), { description: "Its serial number in hexadecimal; empty while it is pending." }),
  notBefore: field(z.string(), { description: "When it begins to be valid, RFC 3339; empty while it is pending." }),
  notAfter: field(z.string(), { description: "Until when it is valid, RFC 3339; empty while it is pending." }),
  validation: field(z.string(), {
    description:
      "How issuing it goes, such as `attempt 2, the next at 2026-01-01T00:00:00Z`; empty unless it is pending.",
  }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
});
/** What a Certificate reports. */
export type CertificateOutputs = z.output<typeof certificateOutputs>;

/** The outputs, from what the API reports. */
export function toOutputs(item: CertificateItem): CertificateOutputs {
  const { attempt, next } = item.validation ?? {};
  const after = next === undefined ? "" : `, the next at ${next}`;
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
