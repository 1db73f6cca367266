/** Sizes, durations and identities for people. Pure. */

const BYTES_PER_MIB = 1024 * 1024;

/** A size in bytes, such as `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? "B"}`;
}

/** A size in MiB, such as `128 MiB`. */
export const formatMb = (mb: number): string => formatBytes(mb * BYTES_PER_MIB);

/** A duration in milliseconds with its two largest units, such as `412 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min` or `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** Characters of a UUID that tell the objects of one machine apart. */
const SHORT_UUID_LENGTH = 8;

/** The start of a UUID, which commands accept in its place. */
export const shortUuid = (uuid: string): string => uuid.slice(0, SHORT_UUID_LENGTH);
