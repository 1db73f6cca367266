/** Numbers of replicas that may be percentages. Pure. */
import * as z from "zod";
import { countReplicas } from "../../../rollout/progress/describe";

const PERCENTAGE = /^(\d|[1-9]\d|100)%$/;
const LARGE_PERCENTAGE = /^(\d|[1-9]\d{1,2})%$/;

/** A number of replicas, or a percentage of them, such as `25%`. */
export type Amount = number | string;

/**
 * The schema of an amount from `min` to `max`, or from 0% to 100%.
 *
 * @param options.mayExceed true if it may be more than all replicas, up to 999%
 */
export const amountSchema = (min: number, max: number, { mayExceed = false } = {}) => {
  const [pattern, most] = mayExceed ? [LARGE_PERCENTAGE, "999%"] : [PERCENTAGE, "100%"];
  const percentage = `must be a whole number, or a percentage from "0%" to "${most}" such as "25%"`;
  return z.union(
    [z.int().min(min).max(max), z.string().regex(pattern, percentage)],
    'must be a whole number, or a percentage such as "25%"',
  );
};

/** An amount as a number, and how it came about. */
export interface ResolvedAmount {
  readonly count: number;
  /** Such as `2`, or `25% of 3 replicas = 0.75, rounded down to 0`. */
  readonly arithmetic: string;
}

/** The number of replicas that an amount stands for. As in Kubernetes, surplus rounds up and what is missing rounds down. */
export function resolveAmount(amount: Amount, replicas: number, rounding: "up" | "down"): ResolvedAmount {
  if (typeof amount === "number") return { count: amount, arithmetic: String(amount) };
  const exact = (Number.parseInt(amount, 10) * replicas) / 100;
  const count = rounding === "up" ? Math.ceil(exact) : Math.floor(exact);
  const product = `${amount} of ${countReplicas(replicas)} = ${exact}`;
  return { count, arithmetic: count === exact ? product : `${product}, rounded ${rounding} to ${count}` };
}
