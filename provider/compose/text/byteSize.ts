/**
 * Sizes such as `512m`. Pure.
 *
 * Source: docker/go-units `RAMInBytes`, which Compose uses: the units are binary, `512M` is 512 MiB.
 */

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i;
const UNITS = ["", "k", "m", "g", "t", "p"];
const BYTES_PER_MIB = 2 ** 20;

/** The size in MiB, rounded up; `undefined` if the text is not a size. */
export function parseMebibytes(text: string): number | undefined {
  const [, count, unit = ""] = SIZE.exec(text.trim()) ?? [];
  if (count === undefined) return undefined;
  const bytes = Number(count) * 1024 ** UNITS.indexOf(unit.toLowerCase());
  return Math.ceil(bytes / BYTES_PER_MIB);
}
