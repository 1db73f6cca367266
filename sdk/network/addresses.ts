/** IPv4 subnets as ranges of numbers. Pure. */

/** First and last number of a range. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Every address. */
export const EVERYWHERE: Range = { first: 0, last: 2 ** 32 - 1 };

/** True if all of `inner` is in `outer`. */
export const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** True if some number is in both. */
export const meet = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;

/** What is in `range` and not in `other`: none, one or two ranges. */
export const without = (range: Range, other: Range): readonly Range[] =>
  [
    { first: range.first, last: Math.min(range.last, other.first - 1) },
    { first: Math.max(range.first, other.last + 1), last: range.last },
  ].filter(({ first, last }) => first <= last);

const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const CIDR = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}(?:/(3[0-2]|[12]?\\d))?$`);

/** The addresses of the subnet that an address such as `10.0.0.5` or `10.0.0.5/24` is in; `undefined` for any other text. */
export function subnetOf(text: string): Range | undefined {
  const found = CIDR.exec(text);
  if (found === null) return undefined;
  const address = found.slice(1, 5).reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - (found[5] === undefined ? 32 : Number(found[5])));
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/** The address alone of `10.0.0.5/24`. */
export const addressOf = (cidr: string): string => cidr.replace(/\/.*$/, "");

/** `10.0.0.0/24`, as its first address and its size say. */
export function formatSubnet({ first, last }: Range): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join(".")}/${32 - Math.log2(last - first + 1)}`;
}
