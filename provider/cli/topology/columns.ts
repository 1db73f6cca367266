/** Order of what stands in the columns of a topology picture, so that few lines cross. Pure and deterministic. */
import type { Link } from "./ranks";

/** What takes space in a column: a card with what is below it, or a long line that passes. */
export interface Item {
  readonly id: string;
  readonly height: number;
  /** Distance from its upper edge to where its lines end. */
  readonly anchor: number;
}

/** A line with the items that it passes. */
export interface Route {
  readonly link: Link;
  readonly via: readonly string[];
}

/** A part of a line, between neighbouring columns. */
export interface Segment {
  readonly from: string;
  readonly to: string;
}

/** Columns from left to right, each from top to bottom. */
export interface Columns {
  readonly items: readonly (readonly Item[])[];
  readonly routes: readonly Route[];
  readonly segments: readonly Segment[];
  /** Column of an item. */
  readonly rankOf: (id: string) => number;
}

/** Sweeps over the columns. More change nothing in stacks of the size that a picture can show. */
export const SWEEPS = 12;

/** Fills the columns, and orders each by the places of its neighbours. */
export function orderColumns(
  items: readonly Item[],
  ranks: ReadonlyMap<string, number>,
  links: readonly Link[],
): Columns {
  const rankById = new Map(ranks);
  const passing: Item[] = [];
  const routes = links.map((link, index): Route => {
    const [first, last] = [ranks.get(link.from) ?? 0, ranks.get(link.to) ?? 0];
    const via = Array.from({ length: Math.max(0, last - first - 1) }, (_, step) => `line ${index} ${step}`);
    via.forEach((id, step) => {
      rankById.set(id, first + 1 + step);
      passing.push({ id, height: 0, anchor: 0 });
    });
    return { link, via };
  });
  const segments = routes.flatMap(({ link, via }) => {
    const stops = [link.from, ...via, link.to];
    return stops.slice(1).map((to, index): Segment => ({ from: stops[index] ?? "", to }));
  });
  const before = Map.groupBy(segments, ({ to }) => to);
  const after = Map.groupBy(segments, ({ from }) => from);
  const rankOf = (id: string): number => rankById.get(id) ?? 0;
  const count = Math.max(-1, ...rankById.values()) + 1;
  const columns = Array.from({ length: count }, (_, rank) =>
    [...items, ...passing].filter(({ id }) => rankOf(id) === rank),
  );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const position = new Map(
      columns.flatMap((column) => column.map(({ id }, index) => [id, index / column.length] as const)),
    );
    const isForward = sweep % 2 === 0;
    for (let step = 1; step < count; step++) {
      const rank = isForward ? step : count - 1 - step;
      const column = columns[rank] ?? [];
      const key = (id: string): number => {
        const others = isForward
          ? (before.get(id) ?? []).map(({ from }) => from)
          : (after.get(id) ?? []).map(({ to }) => to);
        return others.length === 0 ? (position.get(id) ?? 0) : mean(others.map((other) => position.get(other) ?? 0));
      };
      const keys = new Map(column.map(({ id }) => [id, key(id)]));
      column.sort((a, b) => (keys.get(a.id) ?? 0) - (keys.get(b.id) ?? 0));
      column.forEach(({ id }, index) => position.set(id, index / column.length));
    }
  }
  return { items: columns, routes, segments, rankOf };
}

/** Mean of at least one number. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
