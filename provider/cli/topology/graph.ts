/** What a topology picture shows: nodes and edges. Pure. */

/** What a node is, which decides how it is drawn. */
export type NodeKind = "entry" | "workload" | "image" | "storage" | "network" | "stack";

/** A card. */
export interface TopologyNode {
  /** Unique: a URN, or a URN or name with a prefix. */
  readonly id: string;
  readonly kind: NodeKind;
  /** What it is, such as `Service`. */
  readonly label: string;
  /** Its name in the program. */
  readonly name: string;
  /** More lines, such as `128 MiB`. */
  readonly details: readonly string[];
  /** Number of instances; several are drawn as a pile. */
  readonly count: number;
}

/** A line between two cards. */
export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  /** `link`: no arrow, such as between an instance and its network. */
  readonly kind: "traffic" | "uses" | "link";
  /** Lines of text, such as `443 tls, http → 8080`. */
  readonly label: readonly string[];
}

/** Nodes and edges, each in a fixed order. */
export interface TopologyGraph {
  /** Such as `gateway-fleet`; empty for an empty stack. */
  readonly project: string;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

/** What a part of the stack adds to the picture. */
export type GraphPart = Pick<TopologyGraph, "nodes" | "edges">;

/** Without edges to nodes that are not drawn, and with one edge between two nodes, which has the first label. */
export function tidyEdges(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]): readonly TopologyEdge[] {
  const ids = new Set(nodes.map(({ id }) => id));
  const drawn = edges.filter(({ from, to }) => from !== to && ids.has(from) && ids.has(to));
  const byEnds = Map.groupBy(drawn, ({ from, to }) => `${from}\n${to}`);
  return [...byEnds.values()].flatMap((same) => same.find(({ label }) => label.length > 0) ?? same[0] ?? []);
}
