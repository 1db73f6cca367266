/** Which instances go first. Pure. */
import type { Load } from "./decideSize";

/** What the choice needs of an instance. */
interface Removable {
  readonly record: { readonly uuid: string; readonly createdAt: number };
}

/** Those to remove: first who does not answer, then who has the least in flight, then who was quiet longest, then the newest. */
export function leastNeeded<T extends Removable>(
  instances: readonly T[],
  loads: ReadonlyMap<string, Pick<Load, "inFlight" | "quietMs">>,
  count: number,
): T[] {
  const rank = ({ record }: T): readonly number[] => {
    const load = loads.get(record.uuid);
    return [load === undefined ? 0 : 1, load?.inFlight ?? 0, -(load?.quietMs ?? 0), -record.createdAt];
  };
  return [...instances].sort((a, b) => compare(rank(a), rank(b))).slice(0, count);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
