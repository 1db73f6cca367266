/** Certificates and keys as PEM text. Pure. */
import * as crypto from "node:crypto";

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
export function parseKey(key: string): crypto.KeyObject | undefined {
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
