/** Rules across the inputs of a Certificate. No sentence quotes chain or key. Pure, except that expiry depends on the time. */
import type * as crypto from "node:crypto";
import type { CheckFailure, Rule } from "../../definition/resource";
import type { CertificateInputs } from "./inputs";
import { parseChain, parseKey } from "./pem";

const failure = (property: string, reason: string): readonly CheckFailure[] => [{ property, reason }];

function checkChain({ chain }: Pick<CertificateInputs, "chain">): readonly CheckFailure[] {
  if (chain.includes("PRIVATE KEY")) {
    return failure(
      "chain",
      "holds a private key, which would not be kept secret; give only certificates, and the key as `key`.",
    );
  }
  if (parseChain(chain) !== undefined) return [];
  return failure(
    "chain",
    "cannot be read; give PEM text that begins with '-----BEGIN CERTIFICATE-----': the certificate, then its issuers.",
  );
}

function checkKey({ key }: Pick<CertificateInputs, "key">): readonly CheckFailure[] {
  if (parseKey(key) !== undefined) return [];
  if (key.includes("ENCRYPTED")) return failure("key", "is encrypted; give it without a passphrase.");
  return failure("key", "cannot be read; give PEM text that begins with '-----BEGIN PRIVATE KEY-----'.");
}

function checkPair({ chain, key }: Pick<CertificateInputs, "chain" | "key">): readonly CheckFailure[] {
  const certificate = parseChain(chain)?.[0];
  const parsed = parseKey(key);
  if (certificate === undefined || parsed === undefined || certificate.checkPrivateKey(parsed)) return [];
  return failure("key", "does not fit the certificate, which is the first of `chain`; give the key it was made with.");
}

/** The names that a certificate is for, as it says them. */
function certificateNames(certificate: crypto.X509Certificate): string {
  const alternative = certificate.subjectAltName?.replaceAll("DNS:", "");
  return alternative ?? certificate.subject.replaceAll("\n", ", ");
}

function checkCommonName({
  chain,
  commonName,
}: Pick<CertificateInputs, "chain" | "commonName">): readonly CheckFailure[] {
  const certificate = parseChain(chain)?.[0];
  if (certificate === undefined || certificate.checkHost(commonName) !== undefined) return [];
  return failure(
    "commonName",
    `"${commonName}" is not among the names of the certificate, which is for ${certificateNames(certificate)}.`,
  );
}

/** One that has expired since it was uploaded is no reason to refuse everything else. */
function checkExpiry(chain: string, before: unknown): readonly CheckFailure[] {
  const certificate = parseChain(chain)?.[0];
  if (certificate === undefined || chain === before || Date.parse(certificate.validTo) > Date.now()) return [];
  return failure(
    "chain",
    `its certificate expired on ${new Date(certificate.validTo).toISOString()}; give one that is valid.`,
  );
}

/** The rules of a Certificate. */
export const certificateRules: readonly Rule<CertificateInputs>[] = [
  { reads: ["chain"], test: checkChain },
  { reads: ["key"], test: checkKey },
  { reads: ["chain", "key"], test: checkPair },
  { reads: ["chain", "commonName"], test: checkCommonName },
  { reads: ["chain"], test: ({ chain }, olds) => checkExpiry(chain, olds["chain"]) },
];
