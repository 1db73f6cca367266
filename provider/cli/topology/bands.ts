/** Heights of what stands in the columns of a topology picture: connected cards side by side. Pure and deterministic. */
import { type Item, type Segment, SWEEPS, mean } from "./columns";

/** Gap between items of a column, in CSS pixels. */
const ROW_GAP = 28;

/** Upper edge of each item, from 0. What is connected forms a band of its own, below the one before; what is not, the last one. */
export function placeColumns(
  columns: readonly (readonly Item[])[],
  segments: readonly Segment[],
): ReadonlyMap<string, number> {
  const neighbours = neighboursOf(segments);
  const bands = bandsOf(columns.flat(), neighbours);
  const tops = new Map<string, number>();
  let end = 0;
  for (const band of new Set(bands.values())) {
    const members = columns.map((column) => column.filter(({ id }) => bands.get(id) === band));
    const placed = placeBand(members, neighbours);
    const first = Math.min(...placed.values());
    const heights = members.flat().map(({ id, height }) => (placed.get(id) ?? 0) - first + height);
    for (const [id, top] of placed) tops.set(id, Math.round(end + top - first));
    end += Math.max(...heights) + ROW_GAP;
  }
  return tops;
}

/** What each item has lines to, in the order of the lines. */
type Neighbours = ReadonlyMap<string, readonly { readonly other: string }[]>;

const neighboursOf = (segments: readonly Segment[]): Neighbours =>
  Map.groupBy(
    segments.flatMap(({ from, to }) => [
      { at: from, other: to },
      { at: to, other: from },
    ]),
    ({ at }) => at,
  );

/** Name of the band of each item. */
function bandsOf(items: readonly Item[], neighbours: Neighbours): ReadonlyMap<string, string> {
  const bands = new Map<string, string>();
  for (const { id } of items) {
    if (bands.has(id) || !neighbours.has(id)) continue;
    const members = new Set([id]);
    for (const member of members) for (const { other } of neighbours.get(member) ?? []) members.add(other);
    for (const member of members) bands.set(member, id);
  }
  for (const { id } of items) if (!bands.has(id)) bands.set(id, "");
  return bands;
}

/** Upper edges of the items of one band: near their neighbours, with a gap to the item above. */
function placeBand(columns: readonly (readonly Item[])[], neighbours: Neighbours): ReadonlyMap<string, number> {
  const tops = new Map<string, number>();
  for (const column of columns) stack(column, () => 0, tops);
  const items = new Map(columns.flat().map((item) => [item.id, item]));
  const anchorOf = (id: string): number => (tops.get(id) ?? 0) + (items.get(id)?.anchor ?? 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      stack(
        column,
        ({ id, anchor }) => {
          const others = (neighbours.get(id) ?? []).map(({ other }) => other);
          return others.length === 0 ? (tops.get(id) ?? 0) : mean(others.map(anchorOf)) - anchor;
        },
        tops,
      );
    }
  }
  return tops;
}

/** Places a column as near as possible to what is wanted: neighbours that would overlap form a block around their mean. */
function stack(column: readonly Item[], wanted: (item: Item) => number, tops: Map<string, number>): void {
  interface Block {
    readonly members: Item[];
    /** Wanted tops of the block's first member, one per member. */
    readonly wishes: number[];
    height: number;
  }
  const topOf = ({ wishes }: Block): number => mean(wishes);
  const blocks: Block[] = [];
  for (const item of column) {
    let block: Block = { members: [item], wishes: [wanted(item)], height: item.height };
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      const shift = above.height + ROW_GAP;
      if (topOf(above) + shift <= topOf(block)) break;
      const wishes = block.wishes.map((wish) => wish - shift);
      block = {
        members: [...above.members, ...block.members],
        wishes: [...above.wishes, ...wishes],
        height: shift + block.height,
      };
      blocks.pop();
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let top = topOf(block);
    for (const { id, height } of block.members) {
      tops.set(id, top);
      top += height + ROW_GAP;
    }
  }
}
