/** Values that are unknown until apply. */

/** The engine's placeholder for an unknown value of any type. Source: @pulumi/pulumi `runtime/rpc.ts`, `unknownValue`. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True for the placeholder itself. */
export const isUnknown = (value: unknown): boolean => value === UNKNOWN;

/** The members that are fully known. */
export const withoutUnknowns = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => !containsUnknown(member))) as Partial<T>;

/** True if the value is or contains the placeholder. */
export function containsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some(containsUnknown);
}
