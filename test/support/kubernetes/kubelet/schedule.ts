/**
 * Chooses a node for a pod. Honours nodeName, nodeSelector, required node affinity, taints, required pod affinity and
 * anti-affinity, and hard topology spread; spreads pods otherwise. Resources are not counted.
 */
import type { Node, Pod, PodTerm, Toleration } from "./objects";
import { selects, selectsNode } from "./selectors";

/** What has been decided: a node, or why there is none. */
export type Placement = { readonly node: string } | { readonly reason: string };

/**
 * @param pod without a node
 * @param nodes of the cluster
 * @param placed pods that have a node and have not ended
 */
export function chooseNode(pod: Pod, nodes: readonly Node[], placed: readonly Pod[]): Placement {
  const rejections = new Map<string, number>();
  const fitting = nodes.filter((node) => {
    const reason = whyNot(pod, node, nodes, placed);
    if (reason !== undefined) rejections.set(reason, (rejections.get(reason) ?? 0) + 1);
    return reason === undefined;
  });
  const load = (node: Node): number => placed.filter(({ spec }) => spec.nodeName === node.metadata.name).length;
  const [best] = [...fitting].sort((a, b) => load(a) - load(b));
  if (best !== undefined) return { node: best.metadata.name };
  const reasons = [...rejections].map(([reason, count]) => `${count} ${reason}`).join(", ");
  return { reason: `0/${nodes.length} nodes are available: ${reasons}.` };
}

function whyNot(pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): string | undefined {
  const { spec } = pod;
  const { name, labels = {} } = node.metadata;
  if (node.spec.unschedulable === true) return "node(s) were unschedulable";
  for (const taint of node.spec.taints ?? []) {
    const isTolerated = (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
    if (taint.effect !== "PreferNoSchedule" && !isTolerated) return `node(s) had untolerated taint {${taint.key}}`;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (
    !Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) ||
    (required !== undefined && !required.nodeSelectorTerms.some((term) => selectsNode(term, name, labels)))
  )
    return "node(s) didn't match Pod's node affinity/selector";

  const domains = (term: PodTerm): boolean => matchesInDomain(term, pod, node, nodes, placed);
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  if (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(domains) === true)
    return "node(s) didn't match pod anti-affinity rules";
  const together = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  // The first pod of a group that wants to be together may go anywhere.
  const isFirst = (term: PodTerm): boolean =>
    selects(term.labelSelector, pod.metadata.labels) &&
    !placed.some((other) => selects(term.labelSelector, other.metadata.labels));
  if (!together.every((term) => domains(term) || isFirst(term))) return "node(s) didn't match pod affinity rules";
  if (!spreads(pod, node, nodes, placed)) return "node(s) didn't match pod topology spread constraints";
  return undefined;
}

function tolerates(toleration: Toleration, taint: { key: string; value?: string; effect: string }): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false;
  if (toleration.key === undefined) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

const labelOf = (nodes: readonly Node[], name: string | undefined, key: string): string | undefined =>
  nodes.find(({ metadata }) => metadata.name === name)?.metadata.labels?.[key];

/** True if a pod that the term selects is in the node's domain. */
function matchesInDomain(term: PodTerm, pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): boolean {
  const domain = node.metadata.labels?.[term.topologyKey];
  const namespaces = term.namespaces ?? [pod.metadata.namespace];
  return (
    domain !== undefined &&
    placed.some(
      ({ metadata, spec }) =>
        namespaces.includes(metadata.namespace) &&
        selects(term.labelSelector, metadata.labels) &&
        labelOf(nodes, spec.nodeName, term.topologyKey) === domain,
    )
  );
}

/** True if the pod on this node keeps every hard constraint: no domain has more than `maxSkew` pods above the emptiest. */
function spreads(pod: Pod, node: Node, nodes: readonly Node[], placed: readonly Pod[]): boolean {
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
  );
  return hard.every(({ topologyKey, maxSkew, labelSelector }) => {
    const domain = node.metadata.labels?.[topologyKey];
    if (domain === undefined) return false;
    const counts = new Map<string, number>();
    for (const { metadata } of nodes) {
      const key = metadata.labels?.[topologyKey];
      if (key !== undefined) counts.set(key, 0);
    }
    for (const { metadata, spec } of placed) {
      const key = labelOf(nodes, spec.nodeName, topologyKey);
      const isCounted = metadata.namespace === pod.metadata.namespace && selects(labelSelector, metadata.labels);
      if (key !== undefined && isCounted) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return (counts.get(domain) ?? 0) + 1 - Math.min(...counts.values()) <= maxSkew;
  });
}
