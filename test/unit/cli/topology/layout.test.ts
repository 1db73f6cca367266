import assert from "node:assert/strict";
import { type Layout, type PlacedNode, layOut } from "../../../../provider/cli/topology/layout";
import type { TopologyEdge, TopologyGraph, TopologyNode } from "../../../../provider/cli/topology/graph";
import { toStackResources } from "../../../../provider/cli/topology/stackExport";
import { stackGraph } from "../../../../provider/cli/topology/stackGraph";
import { seededRandom } from "../../../support/seededRandom";
import { CLUSTER, DMZ, SHOP } from "./stacks";

const node = (id: string, kind: TopologyNode["kind"] = "workload"): TopologyNode => {
  return { id, kind, label: "Instance", name: id, details: [], count: 1 };
};
const edge = (from: string, to: string, kind: TopologyEdge["kind"] = "uses"): TopologyEdge => {
  return { from, to, kind, label: [] };
};

function assertReadable({ width, height, nodes, edges }: Layout): void {
  const overlap = (a: PlacedNode, b: PlacedNode): boolean =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  for (const [index, one] of nodes.entries()) {
    assert.ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height, one.node.id);
    for (const other of nodes.slice(index + 1))
      assert.ok(!overlap(one, other), `${one.node.id} is above ${other.node.id}`);
  }
  for (const {
    edge: { from, to },
    points,
    isVertical,
  } of edges) {
    assert.ok(points.length >= 2, `${from} to ${to}`);
    for (const [index, { x }] of points.slice(1).entries())
      assert.ok(isVertical || x >= (points[index]?.x ?? 0), `${from} to ${to} leads to the right`);
  }
}

const columnsOf = ({ nodes }: Layout): readonly (readonly string[])[] => {
  const byX = Map.groupBy(nodes, ({ x }) => x);
  return [...byX].sort(([a], [b]) => a - b).map(([, column]) => column.map((one) => one.node.name));
};

describe("the layout of a topology", () => {
  for (const [name, stack] of Object.entries({ SHOP, DMZ, CLUSTER }))
    it(`places the cards of ${name} apart and draws every edge`, () => {
      const graph = stackGraph(toStackResources(stack));
      const layout = layOut(graph);
      assertReadable(layout);
      assert.equal(layout.nodes.length, graph.nodes.length);
      assert.deepEqual(layout.edges.map((one) => one.edge.from).sort(), graph.edges.map(({ from }) => from).sort());
    });

  it("leads through networks from one end to the other", () => {
    const graph = stackGraph(toStackResources(DMZ));
    assert.deepEqual(columnsOf(layOut({ ...graph, nodes: graph.nodes.filter(({ name }) => name !== "alone") })), [
      ["client"],
      ["outside"],
      ["firewall"],
      ["dmz"],
      ["dns", "web"],
    ]);
  });

  it("places what a single card uses below it, and what several use in a column", () => {
    const graph: TopologyGraph = {
      project: "x",
      nodes: [node("a"), node("b"), node("own", "image"), node("shared", "image")],
      edges: [edge("a", "own"), edge("a", "shared"), edge("b", "shared")],
    };
    const layout = layOut(graph);
    assert.deepEqual(columnsOf(layout), [["a", "b"], ["own"], ["shared"]]);
    const [a, own, b] = ["a", "own", "b"].map((id) => layout.nodes.find((one) => one.node.id === id));
    assert.ok(a && own && b && own.x < a.x + a.width && a.y < own.y && own.y < b.y);
    assert.deepEqual(
      layout.edges.filter(({ isVertical }) => isVertical).map((one) => one.edge.to),
      ["own"],
    );
  });

  it("draws an edge of a circle from right to left, and moves a source next to what it leads to", () => {
    const edges = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("late", "c")];
    const layout = layOut({ project: "x", nodes: ["a", "b", "c", "late"].map((id) => node(id)), edges });
    assertReadable(layout);
    assert.deepEqual(columnsOf(layout), [["a"], ["b", "late"], ["c"]]);
    const reversed = layout.edges.filter(({ isReversed }) => isReversed);
    assert.deepEqual(
      reversed.map((one) => [one.edge.from, one.edge.to]),
      [["c", "a"]],
    );
    // It passes the column of b.
    assert.equal(reversed[0]?.points.length, 4);
  });

  it("keeps cards apart in random graphs", () => {
    const random = seededRandom(7);
    for (let round = 0; round < 50; round++) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 14) }, (_, index) => `n${index}`);
      const pick = (): string => ids[Math.floor(random() * ids.length)] ?? "n0";
      const kinds = ["workload", "image", "network"] as const;
      const nodes = ids.map((id) => node(id, kinds[Math.floor(random() * kinds.length)]));
      const edges = Array.from({ length: Math.floor(random() * 20) }, () =>
        edge(pick(), pick(), random() < 0.3 ? "link" : "uses"),
      ).filter(({ from, to }) => from !== to);
      assertReadable(layOut({ project: "x", nodes, edges }));
    }
  });

  it("is a small empty page for an empty stack", () => {
    assert.deepEqual(layOut({ project: "", nodes: [], edges: [] }), { width: 184, height: 64, nodes: [], edges: [] });
  });
});
