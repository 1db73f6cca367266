/** How pods stay available while nodes are drained or fail. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import { selectorOf } from "./labels";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { ObjectOwner } from "./metadata";
import { metadataOf } from "./metadata";

/** The label of a node that is different on each. */
export const NODE_KEY = "kubernetes.io/hostname";

/** Lets a node be drained one pod of this part at a time. With a single pod it would block the drain for ever. */
export const budgetOf = (owner: ObjectOwner, part: string): k8s.types.input.policy.v1.PodDisruptionBudget => ({
  metadata: metadataOf(owner, part),
  spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(owner.instance, part) } },
});

/** Spreads the pods of this part over the nodes, as far as there are some. */
export const spreadOf = (
  { instance }: ObjectOwner,
  part: string,
): k8s.types.input.core.v1.TopologySpreadConstraint[] => [
  {
    maxSkew: 1,
    topologyKey: NODE_KEY,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selectorOf(instance, part) },
  },
];
