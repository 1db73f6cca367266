/** From the resources of a stack to what a picture of it shows. Pure. */
import { splitUrn } from "../ci/previewDigest";
import { dependencyEdges } from "./dependencies";
import { type TopologyEdge, type TopologyGraph, type TopologyNode, tidyEdges } from "./graph";
import { kubernetesGraph } from "./kubernetesGraph";
import { textOf } from "./plainValues";
import type { StackResource } from "./stackExport";
import { unikernelGraph } from "./unikernelGraph";

/**
 * The graph of a stack: our resources, stacks whose outputs it reads and, of Kubernetes, workloads, services, ingresses and claims. An input
 * of one that is made of an output of another is an edge, such as a variable with the private name of a Redis. Other resources are left out.
 */
export function stackGraph(resources: readonly StackResource[]): TopologyGraph {
  const parts = [unikernelGraph(resources), kubernetesGraph(resources)];
  const nodes = [...parts.flatMap((part) => part.nodes), ...resources.flatMap(stackNode)];
  const drawn = new Set(nodes.map(({ id }) => id));
  const edges = [...parts.flatMap((part) => part.edges), ...dependencyEdges(resources, drawn)];
  const [first] = resources;
  const project = first === undefined ? "" : splitUrn(first.urn).project;
  return { project, nodes, edges: withoutReverse(tidyEdges(nodes, edges)) };
}

/** Another stack, by its name and not by that of the reference. */
function stackNode({ urn, type, name, properties }: StackResource): readonly TopologyNode[] {
  if (type !== "pulumi:pulumi:StackReference") return [];
  return [{ id: urn, kind: "stack", label: "Stack", name: textOf(properties["name"]) ?? name, details: [], count: 1 }];
}

/** A selector made of the labels of its deployment is a dependency against the direction of the traffic, which the edge already shows. */
function withoutReverse(edges: readonly TopologyEdge[]): readonly TopologyEdge[] {
  const traffic = new Set(edges.filter(({ kind }) => kind === "traffic").map(({ from, to }) => `${from}\n${to}`));
  return edges.filter(({ kind, from, to }) => kind !== "uses" || !traffic.has(`${to}\n${from}`));
}
