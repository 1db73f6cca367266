/** Numbers of replicas that may be percentages. Pure. */
import * as z from "zod";

const PERCENTAGE = /^(\d|[1-9]\d|100)%$/;

/** A number of replicas, or a percentage of them, such as `25%`. */
export type Amount = number | string;

/** The schema of an amount from `min` to `max`, or from 0% to 100%. */
export const amountSchema = (min: number, max: number) =>
  z.union(
    [
      z.int().min(min).max(max),
      z.string().regex(PERCENTAGE, 'must be a number, or a percentage from "0%" to "100%" such as "25%"'),
    ],
    'must be a number, or a percentage such as "25%"',
  );

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
  const product = `${amount} of ${replicas} ${replicas === 1 ? "replica" : "replicas"} = ${exact}`;
  return { count, arithmetic: count === exact ? product : `${product}, rounded ${rounding} to ${count}` };
}
