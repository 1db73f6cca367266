/** Migrates state from old shapes, step by step, so that state of any earlier release stays readable. */
import type { Definition, Properties } from "./resource";

/** Key of the version of a state's shape. The engine hides keys that start with two underscores. */
export const STATE_VERSION_KEY = "__version";

/** The version that this code writes. */
export const currentStateVersion = (definition: Definition): number => (definition.migrations?.length ?? 0) + 1;

/**
 * Migrates a state to the current shape. A state without a version has version 1. State of a newer release is returned as it is:
 * unknown properties are ignored.
 */
export function migrate(definition: Definition, state: Properties): Properties {
  const stored = state[STATE_VERSION_KEY];
  const from = typeof stored === "number" && Number.isInteger(stored) && stored >= 1 ? stored : 1;
  const steps = (definition.migrations ?? []).slice(from - 1);
  return steps.reduce<Properties>((current, step) => step(current), state);
}
