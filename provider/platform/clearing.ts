/** Clearing a property by PATCH. Pure. */
import type { PatchOperation } from "../contract/models";

/**
 * The change, with a `set` without a value written as the `del` without one: official clients clear a property with either.
 *
 * @param canClear false for a property that always has a value: then `set` stays, and is rejected for what it lacks
 */
export const withClearAsDel = <C extends Pick<PatchOperation<string>, "op" | "value">>(
  change: C,
  canClear = true,
): C => (change.op === "set" && change.value === undefined && canClear ? { ...change, op: "del" } : change);
