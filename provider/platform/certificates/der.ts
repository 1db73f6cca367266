/** Writes the few ASN.1 types that certificates consist of, in DER. Pure. Source: ITU-T X.690. */

const CONSTRUCTED = 0x20;
const CONTEXT = 0x80;

const encodeLength = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
};

const encode = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
};

/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => encode(0x10 | CONSTRUCTED, ...parts);
/** SET of one element, which needs no order. */
export const setOf = (part: Uint8Array): Buffer => encode(0x11 | CONSTRUCTED, part);
/** BOOLEAN. */
export const boolean = (value: boolean): Buffer => encode(1, Buffer.from([value ? 0xff : 0]));
/** OCTET STRING. */
export const octetString = (content: Uint8Array): Buffer => encode(4, content);
/** UTF8String. */
export const utf8String = (text: string): Buffer => encode(12, Buffer.from(text, "utf8"));

/** BIT STRING; `unusedBits` of the last byte are not part of it. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer => encode(3, Buffer.from([unusedBits]), content);

/** INTEGER of at least 0, from its bytes, the highest first. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  return encode(2, (short[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), short);
}

/** OBJECT IDENTIFIER, from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (value: number): number[] =>
    value < 0x80 ? [value] : [...base128(Math.floor(value / 0x80)).map((byte) => byte | 0x80), value % 0x80];
  return encode(6, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime until 2049, then GeneralizedTime, to the second. Source: RFC 5280, section 4.1.2.5. */
export function time(unixMs: number): Buffer {
  const date = new Date(unixMs);
  const digits = `${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? encode(23, Buffer.from(digits.slice(2))) : encode(24, Buffer.from(digits));
}

/** A context-specific tag around these parts (explicit, or an implicit SEQUENCE). */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  encode(CONTEXT | CONSTRUCTED | number, ...parts);

/** A context-specific tag in place of that of a string. */
export const taggedString = (number: number, content: Uint8Array): Buffer => encode(CONTEXT | number, content);
