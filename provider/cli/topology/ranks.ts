/** Columns of a topology picture: every edge leads from one column to a later one. Pure. */
import type { TopologyEdge, TopologyNode } from "./graph";

/** An edge as the layout sees it, from left to right. */
export interface Link {
  readonly from: string;
  readonly to: string;
  readonly edge: TopologyEdge;
}

/** Links that form no circle: those without a direction lead away from the node that is farthest from the others. */
export function orient(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]): readonly Link[] {
  const distances = distancesFromAnEnd(nodes, edges);
  const links = edges.map((edge): Link => {
    const isReversed = edge.kind === "link" && (distances.get(edge.from) ?? 0) > (distances.get(edge.to) ?? 0);
    return isReversed ? { from: edge.to, to: edge.from, edge } : { from: edge.from, to: edge.to, edge };
  });
  return breakCircles(nodes, links);
}

/** Columns over which cards without lines are spread, at least. */
const LOOSE_COLUMNS = 3;

/**
 * Column of each node, from 0: as far left as its predecessors allow; one without any stands right before its first successor. Nodes
 * without lines are spread over the columns.
 */
export function rankNodes(nodes: readonly TopologyNode[], links: readonly Link[]): ReadonlyMap<string, number> {
  const incoming = Map.groupBy(links, ({ to }) => to);
  const outgoing = Map.groupBy(links, ({ from }) => from);
  const ranks = new Map<string, number>();
  const rankOf = (id: string): number => {
    const known = ranks.get(id);
    if (known !== undefined) return known;
    const rank = Math.max(-1, ...(incoming.get(id) ?? []).map(({ from }) => rankOf(from))) + 1;
    ranks.set(id, rank);
    return rank;
  };
  for (const { id } of nodes) rankOf(id);
  const columns = Math.max(LOOSE_COLUMNS, ...[...ranks.values()].map((rank) => rank + 1));
  let loose = 0;
  for (const { id } of nodes) {
    if (incoming.has(id)) continue;
    const next = (outgoing.get(id) ?? []).map(({ to }) => rankOf(to));
    ranks.set(id, next.length > 0 ? Math.min(...next) - 1 : loose++ % columns);
  }
  return ranks;
}

/** Distances within each connected part, over edges without a direction, from one of its two most distant nodes. */
function distancesFromAnEnd(
  nodes: readonly TopologyNode[],
  edges: readonly TopologyEdge[],
): ReadonlyMap<string, number> {
  const links = edges.filter(({ kind }) => kind === "link");
  const neighbours = Map.groupBy(
    links.flatMap(({ from, to }) => [
      { at: from, other: to },
      { at: to, other: from },
    ]),
    ({ at }) => at,
  );
  const distancesFrom = (start: string): ReadonlyMap<string, number> => {
    const found = new Map([[start, 0]]);
    for (const [id, distance] of found)
      for (const { other } of neighbours.get(id) ?? []) if (!found.has(other)) found.set(other, distance + 1);
    return found;
  };
  const result = new Map<string, number>();
  for (const { id } of nodes) {
    if (result.has(id) || !neighbours.has(id)) continue;
    const part = [...distancesFrom(id).keys()].sort();
    const width = (start: string): number => Math.max(...distancesFrom(start).values());
    const widest = Math.max(...part.map(width));
    const end = part.find((start) => width(start) === widest) ?? id;
    for (const [member, distance] of distancesFrom(end)) result.set(member, distance);
  }
  return result;
}

/** Turns round each link that would close a circle. */
function breakCircles(nodes: readonly TopologyNode[], links: readonly Link[]): readonly Link[] {
  const outgoing = Map.groupBy(links, ({ from }) => from);
  const finished = new Set<string>();
  const open = new Set<string>();
  const turned = new Set<Link>();
  const visit = (id: string): void => {
    open.add(id);
    for (const link of outgoing.get(id) ?? []) {
      if (open.has(link.to)) turned.add(link);
      else if (!finished.has(link.to)) visit(link.to);
    }
    open.delete(id);
    finished.add(id);
  };
  for (const { id } of nodes) if (!finished.has(id)) visit(id);
  return links.map((link) => (turned.has(link) ? { from: link.to, to: link.from, edge: link.edge } : link));
}
