/** Migrations of the `rollout` input that an earlier release wrote. Pure. */
import type { Migration, Properties } from "../../../definition/resource";

const isObject = (value: unknown): value is Properties => value !== null && typeof value === "object";

/**
 * Renames `health` to `gate`. An empty `match`, which earlier releases filled in, is dropped. State that has a `gate` is unchanged, and so
 * is state without either.
 */
export const healthToGate: Migration = (state) => {
  const { rollout } = state;
  if (!isObject(rollout) || !isObject(rollout["health"])) return state;
  const { health, ...others } = rollout;
  const { match, ...request } = health as Properties;
  const isEmpty = !isObject(match) || Object.keys(match).length === 0;
  return { ...state, rollout: { gate: { ...request, ...(isEmpty ? {} : { match }) }, ...others } };
};
