/** Rules across the inputs of a Certificate. No message quotes chain or key. Pure, except that expiry depends on the time. */
import type * as crypto from "node:crypto";
import type { CheckFailure, Rule } from "../../definition/resource";
import type { CertificateInputs } from "./inputs";
import { parseChain, parseKey } from "./pem";

const failure = (property: string, reason: string): readonly CheckFailure[] => [{ property, reason }];

function checkChain({ chain }: Pick<CertificateInputs, "chain">): readonly CheckFailure[] {
  if (chain.includes("PRIVATE KEY")) {
    return failure(
      "chain",
      "contains a private key, which would not be encrypted in state; put it in `key` and only certificates here.",
    );
  }
  if (parseChain(chain) !== undefined) return [];
  return failure(
    "chain",
    "is not valid PEM; give text that begins with '-----BEGIN CERTIFICATE-----': the certificate, then its issuers.",
  );
}

function checkKey({ key }: Pick<CertificateInputs, "key">): readonly CheckFailure[] {
  if (parseKey(key) !== undefined) return [];
  if (key.includes("ENCRYPTED")) return failure("key", "is encrypted; remove its passphrase.");
  return failure("key", "is not valid PEM; give text that begins with '-----BEGIN PRIVATE KEY-----'.");
}

function checkPair({ chain, key }: Pick<CertificateInputs, "chain" | "key">): readonly CheckFailure[] {
  const certificate = parseChain(chain)?.[0];
  const parsed = parseKey(key);
  if (certificate === undefined || parsed === undefined || certificate.checkPrivateKey(parsed)) return [];
  return failure(
    "key",
    "does not match the certificate, which is the first in `chain`; give the key that it was issued for.",
  );
}

/** The names in a certificate, for a sentence. */
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
    `"${commonName}" is not a name of the certificate, which is for ${certificateNames(certificate)}.`,
  );
}

/** Only for a new chain: a certificate that expired after its upload must not block other changes. */
function checkExpiry(chain: string, before: unknown): readonly CheckFailure[] {
  const certificate = parseChain(chain)?.[0];
  if (certificate === undefined || chain === before || Date.parse(certificate.validTo) > Date.now()) return [];
  return failure(
    "chain",
    `the certificate expired on ${new Date(certificate.validTo).toISOString()}; give a valid one.`,
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
