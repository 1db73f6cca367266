/** Places the cards and lines of a topology picture: columns from left to right. Pure and deterministic. */
import { type Card, cardOf, shortenLine, smallWidth } from "./cards";
import type { TopologyEdge, TopologyGraph, TopologyNode } from "./graph";
import { placeColumns } from "./bands";
import { type Item, orderColumns } from "./columns";
import { orient, rankNodes } from "./ranks";

/** A point, in CSS pixels from the upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A card and where it is. */
export interface PlacedNode extends Point, Card {
  readonly node: TopologyNode;
}

/** A line through points from left to right, or from a card to the one below. */
export interface PlacedEdge {
  readonly edge: TopologyEdge;
  readonly points: readonly Point[];
  /** The line leads down to what only this card uses. */
  readonly isVertical: boolean;
  /** The arrow is at the first point, since the line leads from right to left. */
  readonly isReversed: boolean;
  /** Lines of text, as drawn. */
  readonly label: readonly string[];
}

/** The picture, without its colours. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

const [MARGIN, COLUMN_GAP, LABEL_SPACE] = [24, 64, 40];
/** Below a card: the gap to what only it uses, how far that is indented, and where in it the line ends. */
const BELOW = { gap: 30, indent: 28, line: 12, end: 26 } as const;

/** Places a graph. */
export function layOut(graph: TopologyGraph): Layout {
  const attached = attachments(graph);
  const below = Map.groupBy(attached, ({ from }) => from);
  const isAttached = new Set(attached.map(({ to }) => to));
  const cards = new Map(graph.nodes.map((node) => [node.id, { ...cardOf(node), node }]));
  const free = graph.nodes.filter(({ id }) => !isAttached.has(id));
  const links = orient(
    free,
    graph.edges.filter(({ to }) => !isAttached.has(to)),
  );
  const heightOf = (id: string): number =>
    [
      ...(below.get(id) ?? []).map(({ to }) => BELOW.gap + (cards.get(to)?.height ?? 0)),
      cards.get(id)?.height ?? 0,
    ].reduce((sum, height) => sum + height);
  const columns = orderColumns(
    free.map(({ id }) => ({ id, height: heightOf(id), anchor: (cards.get(id)?.height ?? 0) / 2 })),
    rankNodes(free, links),
    links,
  );
  const places = placeColumns(columns.items, columns.segments);

  const widths = columns.items.map((items) => Math.max(...items.map((item) => blockWidth(item, cards, below))));
  const gaps = columns.items.map((_items, rank) => {
    const labels = links.filter(({ from }) => columns.rankOf(from) === rank).flatMap(({ edge }) => edge.label);
    return Math.max(COLUMN_GAP, ...labels.map((text) => smallWidth(shortenLine(text)) + LABEL_SPACE));
  });
  const xs = widths.map((_width, rank) =>
    widths.slice(0, rank).reduce((x, width, index) => x + width + (gaps[index] ?? 0), MARGIN),
  );
  const nodes: PlacedNode[] = [];
  for (const [rank, items] of columns.items.entries()) {
    for (const { id } of items) {
      let y = MARGIN + (places.get(id) ?? 0);
      for (const part of [id, ...(below.get(id) ?? []).map(({ to }) => to)]) {
        const card = cards.get(part);
        if (card === undefined) continue; // a long line passes here
        nodes.push({ ...card, x: (xs[rank] ?? 0) + (part === id ? 0 : BELOW.indent), y });
        y += card.height + BELOW.gap;
      }
    }
  }
  const placed = new Map(nodes.map((one) => [one.node.id, one]));
  const edges = [
    ...columns.routes.map(({ link, via }): PlacedEdge => {
      const inner = via.flatMap((id): Point[] => {
        const rank = columns.rankOf(id);
        const y = MARGIN + (places.get(id) ?? 0);
        const x = xs[rank] ?? 0;
        return [
          { x, y },
          { x: x + (widths[rank] ?? 0), y },
        ];
      });
      const points = [...rightOf(placed.get(link.from)), ...inner, ...leftOf(placed.get(link.to))];
      const isReversed = link.from !== link.edge.from;
      return { edge: link.edge, points, isVertical: false, isReversed, label: link.edge.label.map(shortenLine) };
    }),
    ...attached.map((edge): PlacedEdge => {
      const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
      const [x, y] = [(from?.x ?? 0) + BELOW.line, (to?.y ?? 0) + BELOW.end];
      const points = [
        { x, y: (from?.y ?? 0) + (from?.height ?? 0) },
        { x, y },
        { x: to?.x ?? 0, y },
      ];
      return { edge, points, isVertical: true, isReversed: false, label: edge.label.map(shortenLine) };
    }),
  ];
  return { ...extentOf(nodes), nodes, edges };
}

const rightOf = (one: PlacedNode | undefined): readonly Point[] =>
  one === undefined ? [] : [{ x: one.x + one.width, y: one.y + one.height / 2 }];
const leftOf = (one: PlacedNode | undefined): readonly Point[] =>
  one === undefined ? [] : [{ x: one.x, y: one.y + one.height / 2 }];

const extentOf = (nodes: readonly PlacedNode[]): { readonly width: number; readonly height: number } => ({
  width: Math.max(160, ...nodes.map(({ x, width }) => x + width)) + MARGIN,
  height: Math.max(40, ...nodes.map(({ y, height }) => y + height)) + MARGIN,
});

/** Images and volumes that a single card uses stand below it, which leaves the columns to what is connected. */
function attachments({ nodes, edges }: TopologyGraph): readonly TopologyEdge[] {
  const attachable = new Set(nodes.filter(({ kind }) => kind === "image" || kind === "storage").map(({ id }) => id));
  const incoming = Map.groupBy(edges, ({ to }) => to);
  const outgoing = new Set(edges.map(({ from }) => from));
  return edges.filter(
    ({ from, to }) =>
      attachable.has(to) && !attachable.has(from) && incoming.get(to)?.length === 1 && !outgoing.has(to),
  );
}

/** Width of a card with those below it and their labels; 0 for a line that passes. */
function blockWidth(
  { id }: Item,
  cards: ReadonlyMap<string, Card>,
  below: ReadonlyMap<string, readonly TopologyEdge[]>,
): number {
  const edges = below.get(id) ?? [];
  const labels = edges.flatMap(({ label }) => label).map((text) => BELOW.indent + smallWidth(shortenLine(text)));
  const indented = edges.map(({ to }) => BELOW.indent + (cards.get(to)?.width ?? 0));
  return Math.max(cards.get(id)?.width ?? 0, ...indented, ...labels);
}
