/** What a chain and a private key have to be. No message quotes either of them. */
import * as crypto from "node:crypto";
import { createSecureContext } from "node:tls";
import { ApiItemError } from "../errors";
import { coversDomain } from "./domainName";

const CERTIFICATE_PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a chain, the owner's own first. Throws a refusal `Invalid`. */
export function parseChain(chain: string): readonly [crypto.X509Certificate, ...crypto.X509Certificate[]] {
  const [first, ...issuers] = (chain.match(CERTIFICATE_PEM) ?? []).map((pem, index) => {
    try {
      return new crypto.X509Certificate(pem);
    } catch {
      throw new ApiItemError("Invalid", `'chain' cannot be read: its certificate number ${index + 1} is not valid PEM`);
    }
  });
  if (first === undefined) {
    throw new ApiItemError(
      "Invalid",
      "'chain' holds no certificate; write PEM blocks of 'BEGIN CERTIFICATE', your own first",
    );
  }
  return [first, ...issuers];
}

function parsePrivateKey(pkey: string): crypto.KeyObject {
  try {
    return crypto.createPrivateKey(pkey);
  } catch {
    const why = pkey.includes("ENCRYPTED")
      ? "is encrypted; upload it without a passphrase"
      : "cannot be read as a private key; write one PEM block of 'BEGIN PRIVATE KEY'";
    throw new ApiItemError("Invalid", `'pkey' ${why}`); // without the cause, which may quote what it could not read
  }
}

/** Names that a certificate stands for: its common name and its alternative DNS names. */
function certificateNames(certificate: crypto.X509Certificate): string[] {
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  const alternative = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const [kind, ...rest] = entry.split(":");
    return kind === "DNS" ? [rest.join(":")] : [];
  });
  return [...(commonName === undefined ? [] : [commonName]), ...alternative].map((name) => name.toLowerCase());
}

/** Refuses what can be read and still cannot be shown to a client, such as a key that is too small. */
function assertUsableForTls(chain: string, pkey: string): void {
  try {
    createSecureContext({ cert: chain, key: pkey });
  } catch (error) {
    // Of the cause only OpenSSL's name for the reason: its message may quote what it could not use.
    const why =
      error instanceof Error && "code" in error ? String(error.code).replace(/^ERR_(?:OSSL|SSL)_/, "") : "unknown";
    throw new ApiItemError(
      "Invalid",
      `'chain' and 'pkey' cannot serve TLS (${why.toLowerCase().replaceAll("_", " ")})`,
    );
  }
}

/**
 * Refuses a chain and key that cannot serve `commonName`: `Invalid` when one cannot be read or they do not fit each
 * other, `CertCnMismatch` when the certificate is for other names.
 */
export function assertValidCertificate(commonName: string, chain: string, pkey: string): void {
  const [certificate] = parseChain(chain);
  if (!certificate.checkPrivateKey(parsePrivateKey(pkey))) {
    throw new ApiItemError("Invalid", "'pkey' does not belong to the first certificate of 'chain'");
  }
  assertUsableForTls(chain, pkey);
  const names = certificateNames(certificate);
  if (names.some((name) => coversDomain(name, commonName))) return;
  const are = names.length === 0 ? "no domain" : names.map((name) => `'${name}'`).join(", ");
  throw new ApiItemError("CertCnMismatch", `The certificate is for ${are}, not for '${commonName}'`);
}
