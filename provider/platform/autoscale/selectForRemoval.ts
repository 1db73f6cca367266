/** Selects the instances to remove. Pure. */
import type { InstanceLoad } from "./decideSize";

/** The part of an instance that the selection needs. */
interface Removable {
  readonly record: { readonly uuid: string; readonly createdAt: number };
}

/**
 * Selects `count` instances: first those that are not ready, then those with the least in flight, the longest idle, the
 * newest.
 */
export function selectForRemoval<T extends Removable>(
  instances: readonly T[],
  loads: ReadonlyMap<string, Pick<InstanceLoad, "inFlight" | "idleMs">>,
  count: number,
): T[] {
  const rank = ({ record }: T): readonly number[] => {
    const load = loads.get(record.uuid);
    return [load === undefined ? 0 : 1, load?.inFlight ?? 0, -(load?.idleMs ?? 0), -record.createdAt];
  };
  return [...instances].sort((a, b) => compareRanks(rank(a), rank(b))).slice(0, count);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
