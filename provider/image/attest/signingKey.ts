/**
 * Whether two signatures come from one key. The key of a signing command is not known, but a signature tells which keys it can be from.
 * Pure. Works on public values only.
 *
 * Sources: SEC 1 version 2.0, section 4.1.6 (public key recovery); SEC 2 version 2.0, section 2.4.2 (P-256).
 */
import * as crypto from "node:crypto";

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

/** A point of the curve y² = x³ - 3x + B. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const mod = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** Of a number that is not 0; the modulus is prime. Extended Euclidean algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [mod(value, modulus), modulus, 1n, 0n];
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return mod(x, modulus);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base, exponent]; rest > 0n; [square, rest] = [(square * square) % modulus, rest >> 1n])
    if (rest & 1n) result = (result * square) % modulus;
  return result;
}

/** The sum of two points; `undefined` stands for the point at infinity. */
function add(a: Point | undefined, b: Point | undefined): Point | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.x === b.x && a.y !== b.y) return undefined;
  const slope = a.x === b.x ? (3n * a.x * a.x - 3n) * invert(2n * a.y, P) : (b.y - a.y) * invert(b.x - a.x, P);
  const x = mod(slope * slope - a.x - b.x, P);
  return { x, y: mod(slope * (a.x - x) - a.y, P) };
}

function multiply(point: Point, factor: bigint): Point | undefined {
  let sum: Point | undefined;
  let doubled: Point | undefined = point;
  for (let rest = factor; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled))
    if (rest & 1n) sum = add(sum, doubled);
  return sum;
}

/** The content of the DER element that bytes begin with, and what follows it; `undefined` for another one, or if bytes are missing. */
function readElement(bytes: Buffer, tag: number): readonly [content: Buffer, rest: Buffer] | undefined {
  const start = bytes[1] === 0x81 ? 3 : 2; // 0x81: 128 bytes or more, as on P-521
  const length = bytes[start - 1];
  if (bytes[0] !== tag || length === undefined || (start === 2 && length > 127)) return undefined;
  const end = start + length;
  return bytes.length < end ? undefined : [bytes.subarray(start, end), bytes.subarray(end)];
}

/** The two numbers of an ECDSA signature on any curve, in DER; `undefined` for anything else. Source: RFC 3279, section 2.2.3. */
export function parseSignature(der: Buffer): { readonly r: bigint; readonly s: bigint } | undefined {
  const [sequence, excess] = readElement(der, 0x30) ?? [];
  const [rBytes, rest] = (sequence && readElement(sequence, 0x02)) ?? [];
  const [sBytes, end] = (rest && readElement(rest, 0x02)) ?? [];
  if (rBytes === undefined || sBytes === undefined || excess?.length !== 0 || end?.length !== 0) return undefined;
  if ([rBytes, sBytes].some(([first = 0x80]) => first >= 0x80)) return undefined; // negative, or empty
  const [r, s] = [rBytes, sBytes].map((bytes) => BigInt(`0x${bytes.toString("hex")}`)) as [bigint, bigint];
  return r === 0n || s === 0n ? undefined : { r, s };
}

/** The public keys for which a signature of the payload is valid: two, or none if it is no signature on P-256. */
function possibleKeys(payload: Buffer, signature: Buffer): readonly crypto.KeyObject[] {
  const numbers = parseSignature(signature);
  if (numbers === undefined || numbers.r >= N || numbers.s >= N) return [];
  const { r, s } = numbers;
  const square = mod(r * r * r - 3n * r + B, P);
  const root = power(square, (P + 1n) / 4n, P);
  if (mod(root * root, P) !== square) return [];
  const hash = BigInt(`0x${crypto.createHash("sha256").update(payload).digest("hex")}`);
  const inverse = invert(r, N);
  return [root, P - root].flatMap((y) => {
    const key = add(multiply({ x: r, y }, mod(s * inverse, N)), multiply(G, mod(-hash * inverse, N)));
    return key === undefined ? [] : [toPublicKey(key)];
  });
}

function toPublicKey({ x, y }: Point): crypto.KeyObject {
  const encode = (value: bigint): string =>
    Buffer.from(value.toString(16).padStart(64, "0"), "hex").toString("base64url");
  return crypto.createPublicKey({ key: { kty: "EC", crv: "P-256", x: encode(x), y: encode(y) }, format: "jwk" });
}

/**
 * True if one of `others` is a signature of the payload by the key that made `signature`. False for signatures on other curves than
 * P-256, whose key is not found out.
 */
export function isSignedBySameKey(payload: Buffer, signature: Buffer, others: readonly Buffer[]): boolean {
  if (others.length === 0) return false;
  const keys = possibleKeys(payload, signature);
  return others.some((other) => keys.some((key) => crypto.verify("sha256", payload, key, other)));
}
