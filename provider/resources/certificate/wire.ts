/** Conversion of a Certificate's inputs to the create request, and back from what the API reports. Pure. */
import { type CertificateItem, type CreateCertificateRequest, commonNameOf } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { omitUndefined } from "../../base/objects";
import type { CertificateInputs } from "./inputs";
import { isSameSerial, parseChain, toPkcs8 } from "./pem";

/** The request that creates a certificate. */
export const toCreateRequest = ({
  name = "",
  commonName,
  chain,
  key,
}: CertificateInputs): CreateCertificateRequest => ({
  name,
  common_name: commonName,
  chain,
  pkey: toPkcs8(key),
});

/** The current inputs. Chain and key are never reported; a different serial number shows that another certificate was uploaded. */
export function observedInputs(item: CertificateItem, requested: Partial<CertificateInputs>): CertificateInputs {
  const reported = commonNameOf(item) ?? "";
  const commonName = requested.commonName;
  const isSameDomain =
    commonName !== undefined && (reported === "" || canonicalDomainName(commonName) === canonicalDomainName(reported));
  const serial = item.serial_number ?? "";
  const requestedSerial = requested.chain === undefined ? undefined : parseChain(requested.chain)?.[0]?.serialNumber;
  const isSameChain = serial === "" || requestedSerial === undefined || isSameSerial(serial, requestedSerial);
  // Chain and key are undefined after a `get`, which has no inputs; the type does not say so.
  return omitUndefined({
    name: item.name,
    commonName: isSameDomain ? commonName : reported,
    chain: isSameChain ? requested.chain : `the certificate with serial number ${serial}`,
    key: requested.key,
    adopt: requested.adopt ?? false,
  }) as CertificateInputs;
}
