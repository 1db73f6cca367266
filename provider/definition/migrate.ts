/** Migrates old state step by step, so that the state of any earlier release can be read. */
import type { Definition, Properties } from "./resource";

/** Key of the state's schema version. The engine hides keys that start with two underscores. */
export const STATE_VERSION_KEY = "__version";

/** The state version that this release writes. */
export const currentStateVersion = (definition: Definition): number => (definition.migrations?.length ?? 0) + 1;

/**
 * Migrates a state to the current version. A state without a version has version 1. State of a newer release is returned
 * unchanged; its unknown properties are ignored later.
 */
export function migrate(definition: Definition, state: Properties): Properties {
  const stored = state[STATE_VERSION_KEY];
  const from = typeof stored === "number" && Number.isInteger(stored) && stored >= 1 ? stored : 1;
  const steps = (definition.migrations ?? []).slice(from - 1);
  return steps.reduce<Properties>((current, step) => step(current), state);
}
