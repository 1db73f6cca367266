/** From the resources of a stack to what a picture of it shows. Pure. */
import { splitUrn } from "../ci/previewDigest";
import { type TopologyEdge, type TopologyGraph, tidyEdges } from "./graph";
import { kubernetesGraph } from "./kubernetesGraph";
import type { StackResource } from "./stackExport";
import { dependencySource, unikernelGraph } from "./unikernelGraph";

/**
 * The graph of a stack: our resources and, of Kubernetes, workloads, services, ingresses and claims. An input of one that is made of an
 * output of another is an edge, such as a variable with the private name of a Redis. Other resources are left out.
 */
export function stackGraph(resources: readonly StackResource[]): TopologyGraph {
  const parts = [unikernelGraph(resources), kubernetesGraph(resources)];
  const nodes = parts.flatMap((part) => part.nodes);
  const edges = [...parts.flatMap((part) => part.edges), ...resources.flatMap(dependencyEdges)];
  const [first] = resources;
  const project = first === undefined ? "" : splitUrn(first.urn).project;
  return { project, nodes, edges: withoutReverse(tidyEdges(nodes, edges)) };
}

function dependencyEdges(resource: StackResource): readonly TopologyEdge[] {
  return Object.entries(resource.dependencies).flatMap(([property, urns]) =>
    urns.map((to) => ({ from: dependencySource(resource, property), to, kind: "uses" as const, label: [] })),
  );
}

/** A selector made of the labels of its deployment is a dependency against the direction of the traffic, which the edge already shows. */
function withoutReverse(edges: readonly TopologyEdge[]): readonly TopologyEdge[] {
  const traffic = new Set(edges.filter(({ kind }) => kind === "traffic").map(({ from, to }) => `${from}\n${to}`));
  return edges.filter(({ kind, from, to }) => kind !== "uses" || !traffic.has(`${to}\n${from}`));
}
