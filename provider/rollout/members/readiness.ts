/** Whether a member is ready. Every part of a rollout asks here, so that all agree for each kind of gate. Pure. */
import { type Condition, assessLiveness, assessReadiness } from "../../client/waitForInstance";
import type { InstanceItem } from "../../contract/models";
import type { RolloutPolicy } from "../policy";

/** The part of a policy that decides. */
export type ReadinessPolicy = Pick<RolloutPolicy, "readyOnceRunning">;

/** The condition that a member must meet to count as ready. */
export const readinessOf = ({ readyOnceRunning = false }: ReadinessPolicy): Condition =>
  readyOnceRunning ? assessLiveness : assessReadiness;

/** True if the member is ready, whether or not it gets connections. */
export const hasPassed = (policy: ReadinessPolicy, instance: InstanceItem): boolean =>
  readinessOf(policy)(instance).outcome === "met";

/** True if the member is ready and gets connections. */
export const isServing = (policy: ReadinessPolicy, instance: InstanceItem): boolean =>
  hasPassed(policy, instance) && instance.rotation !== "out";

/** True if the member is neither ready nor about to become ready. */
export const isBroken = (policy: ReadinessPolicy, instance: InstanceItem): boolean =>
  readinessOf(policy)(instance).outcome === "failed";
