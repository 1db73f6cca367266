/** Old state shape → new state shape, in typed steps, so that state written by any release of a major stays readable. */
import type { Definition, Properties } from "./resource";

/** Key under which a state remembers the version of its shape. The engine hides keys that start with two underscores. */
export const STATE_VERSION_KEY = "__version";

/** The version that this code writes. */
export const currentStateVersion = (definition: Definition): number => (definition.migrations?.length ?? 0) + 1;

/**
 * Brings a state to the current shape. A state without a version is of version 1; one from a newer release is
 * returned as it is, since its extra fields are ignored by everything that reads it.
 */
export function migrate(definition: Definition, state: Properties): Properties {
  const stored = state[STATE_VERSION_KEY];
  const from = typeof stored === "number" && Number.isInteger(stored) && stored >= 1 ? stored : 1;
  const steps = (definition.migrations ?? []).slice(from - 1);
  return steps.reduce<Properties>((current, step) => step(current), state);
}
