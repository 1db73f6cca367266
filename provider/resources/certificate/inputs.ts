/** What a Certificate can be told, and the rules for it. No sentence quotes chain or key. Pure but for the time of day. */
import * as crypto from "node:crypto";
import * as z from "zod";
import { type CheckFailure, type Rule, field } from "../../definition/resource";
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

const PEM_CERTIFICATE_PATTERN = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of a chain; `undefined` when it holds none, or one that cannot be read. */
export function parseChain(chain: string): readonly crypto.X509Certificate[] | undefined {
  try {
    const parsed = (chain.match(PEM_CERTIFICATE_PATTERN) ?? []).map((pem) => new crypto.X509Certificate(pem));
    return parsed.length === 0 ? undefined : parsed;
  } catch {
    return undefined;
  }
}

/** `undefined` when it cannot be read. What Node says of that speaks of OpenSSL. */
function parseKey(key: string): crypto.KeyObject | undefined {
  try {
    return crypto.createPrivateKey(key);
  } catch {
    return undefined;
  }
}

/** The key in the one form that the API takes: PKCS #8. Programs have others as well, such as `BEGIN RSA PRIVATE KEY`. */
export const toPkcs8 = (key: string): string =>
  parseKey(key)?.export({ type: "pkcs8", format: "pem" }).toString() ?? key;

/** Serial numbers are hexadecimal, with or without leading zeros, in either case, in groups or not. */
export const isSameSerial = (a: string, b: string): boolean => normalizeSerial(a) === normalizeSerial(b);
const normalizeSerial = (text: string): string =>
  text
    .replace(/^0x|[^0-9a-f]/gi, "")
    .replace(/^0+/, "")
    .toLowerCase();

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
