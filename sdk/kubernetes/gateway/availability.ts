/** How many gateways there are, whatever happens to nodes and load. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { budgetOf } from "../common/availability";
import { metadataOf } from "../common/metadata";
import { GATEWAY_PART } from "./deployment";
import type { GatewayPlan } from "./plan";

/**
 * Lets a node be drained one gateway at a time; `undefined` where that would block the drain for ever: a single gateway may never be
 * evicted, and gateways on one node cannot start on another before the last of them is gone.
 */
export const renderDisruptionBudget = (plan: GatewayPlan): k8s.types.input.policy.v1.PodDisruptionBudget | undefined =>
  plan.isPinned || plan.fewestReplicas < 2 ? undefined : budgetOf(plan, GATEWAY_PART);

/**
 * The autoscaler, if one is asked for.
 *
 * @param deployment name of the Deployment
 */
export const renderAutoscaler = (
  plan: GatewayPlan,
  deployment: pulumi.Input<string>,
): k8s.types.input.autoscaling.v2.HorizontalPodAutoscaler | undefined =>
  plan.autoscale === undefined
    ? undefined
    : {
        metadata: metadataOf(plan, GATEWAY_PART),
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
          minReplicas: plan.fewestReplicas,
          maxReplicas: plan.autoscale.maxReplicas,
          metrics: [
            {
              type: "Resource",
              resource: { name: "cpu", target: { type: "Utilization", averageUtilization: plan.autoscale.cpuPercent } },
            },
          ],
        },
      };
