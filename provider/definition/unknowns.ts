/** Values that are not known until apply. */

/** The engine's stand-in for such a value, whatever its declared type. Source: @pulumi/pulumi `runtime/rpc.ts`, `unknownValue`. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True for the stand-in itself. */
export const isUnknown = (value: unknown): boolean => value === UNKNOWN;

/** True when the stand-in is anywhere inside the value. */
export function containsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some(containsUnknown);
}
