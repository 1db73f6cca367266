/** Versions of Tyk. */
import { settingError } from "./checks";

type Version = readonly [major: number, minor: number, patch: number];

/** True if a gateway has at least the other version. Throws a `RunError` for a text that is no version. */
export function isAtLeast(version: string, other: Version): boolean {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) throw settingError("version", `must be a version such as '5.8.3', got '${version}'.`);
  const index = other.findIndex((part, at) => parts[at] !== part);
  return index < 0 || (parts[index] ?? 0) > (other[index] ?? 0);
}
