/** Validates an uploaded chain and private key. No message quotes either of them. */
import * as crypto from "node:crypto";
import { createSecureContext } from "node:tls";
import { ApiItemError } from "../errors";
import { coversDomain } from "./domainName";

const CERTIFICATE_PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Parses the certificates of a PEM chain, the server's own first. Throws `ApiItemError` `Invalid`. */
export function parseChain(chain: string): readonly [crypto.X509Certificate, ...crypto.X509Certificate[]] {
  const [first, ...issuers] = (chain.match(CERTIFICATE_PEM) ?? []).map((pem, index) => {
    try {
      return new crypto.X509Certificate(pem);
    } catch {
      throw new ApiItemError("Invalid", `'chain' is invalid: certificate number ${index + 1} cannot be parsed`);
    }
  });
  if (first === undefined) {
    throw new ApiItemError(
      "Invalid",
      "'chain' contains no certificate; use PEM blocks of 'BEGIN CERTIFICATE', the server's own first",
    );
  }
  return [first, ...issuers];
}

function parsePrivateKey(pkey: string): crypto.KeyObject {
  try {
    return crypto.createPrivateKey(pkey);
  } catch {
    const reason = pkey.includes("ENCRYPTED")
      ? "is encrypted; upload it without a passphrase"
      : "is not a valid private key; use one PEM block of 'BEGIN PRIVATE KEY'";
    throw new ApiItemError("Invalid", `'pkey' ${reason}`); // no cause: it may quote the key
  }
}

/** The common name and the DNS names of a certificate, in lower case. */
function certificateNames(certificate: crypto.X509Certificate): string[] {
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  const alternative = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const [kind, ...rest] = entry.split(":");
    return kind === "DNS" ? [rest.join(":")] : [];
  });
  return [...(commonName === undefined ? [] : [commonName]), ...alternative].map((name) => name.toLowerCase());
}

/**
 * Throws `Invalid` for a chain and key that are well-formed but unusable for TLS, for example when the key is too
 * small.
 */
function assertUsableForTls(chain: string, pkey: string): void {
  try {
    createSecureContext({ cert: chain, key: pkey });
  } catch (error) {
    // Only OpenSSL's reason code: its message may quote chain or key.
    const reason =
      error instanceof Error && "code" in error ? String(error.code).replace(/^ERR_(?:OSSL|SSL)_/, "") : "unknown";
    throw new ApiItemError(
      "Invalid",
      `'chain' and 'pkey' cannot be used for TLS (${reason.toLowerCase().replaceAll("_", " ")})`,
    );
  }
}

/**
 * Throws `ApiItemError` unless chain and key can serve `commonName`: `Invalid` when one cannot be parsed or the key does not
 * match the certificate, `CertCnMismatch` when the certificate is for other names.
 */
export function assertValidCertificate(commonName: string, chain: string, pkey: string): void {
  const [certificate] = parseChain(chain);
  if (!certificate.checkPrivateKey(parsePrivateKey(pkey))) {
    throw new ApiItemError("Invalid", "'pkey' does not match the first certificate of 'chain'");
  }
  assertUsableForTls(chain, pkey);
  const names = certificateNames(certificate);
  if (names.some((name) => coversDomain(name, commonName))) return;
  const valid = names.length === 0 ? "no domain" : names.map((name) => `'${name}'`).join(", ");
  throw new ApiItemError("CertCnMismatch", `The certificate is for ${valid}, not for '${commonName}'`);
}
