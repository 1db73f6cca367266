/** Whether replicas that passed before an update have passed the gate that it has. Pure. */
import { isDeepStrictEqual } from "node:util";

/** True if both rollouts have the same gate. */
export const isSameGate = (before: unknown, after: unknown): boolean =>
  isDeepStrictEqual(gateIn(before), gateIn(after));

const gateIn = (rollout: unknown): unknown =>
  rollout !== null && typeof rollout === "object" ? (rollout as { readonly gate?: unknown }).gate : undefined;
