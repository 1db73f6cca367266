/** Certificates and keys as PEM text. Pure. */
import * as crypto from "node:crypto";

const PEM_CERTIFICATE_PATTERN = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of a chain; undefined if it contains none, or one that cannot be parsed. */
export function parseChain(chain: string): readonly crypto.X509Certificate[] | undefined {
  try {
    const parsed = (chain.match(PEM_CERTIFICATE_PATTERN) ?? []).map((pem) => new crypto.X509Certificate(pem));
    return parsed.length === 0 ? undefined : parsed;
  } catch {
    return undefined;
  }
}

/** A private key; undefined if it cannot be parsed. Node's error is dropped because it only quotes OpenSSL internals. */
export function parseKey(key: string): crypto.KeyObject | undefined {
  try {
    return crypto.createPrivateKey(key);
  } catch {
    return undefined;
  }
}

/** The key as PKCS #8, the only form that the API accepts. Programs may use others, such as `BEGIN RSA PRIVATE KEY`. */
export const toPkcs8 = (key: string): string =>
  parseKey(key)?.export({ type: "pkcs8", format: "pem" }).toString() ?? key;

/** Compares hexadecimal serial numbers, ignoring case, leading zeros and separators. */
export const isSameSerial = (a: string, b: string): boolean => normalizeSerial(a) === normalizeSerial(b);
const normalizeSerial = (text: string): string =>
  text
    .replace(/^0x|[^0-9a-f]/gi, "")
    .replace(/^0+/, "")
    .toLowerCase();
