/** Errors in the form that the dynamic provider process reports. */
import { UnikernelError, formatError } from "../../base/errors";
import { resourceNameIn } from "../../definition/internalKeys";
import type { CheckFailure, Properties } from "../../definition/resource";
import { ResourceInitFailedError } from "../../definition/initFailed";
import type { AnyResource } from "../../resources/all";

/** A resource in messages: `Volume 'data'`. */
export const resourceLabel = ({ kind }: AnyResource, state: Properties): string =>
  `${kind} '${resourceNameIn(state) ?? ""}'`;

/** A failed check. Without a property the engine prints just our text; with one it would print the value too, secrets included. */
export const toEngineFailure = ({ property, reason }: CheckFailure): { property: string; reason: string } => ({
  property: "",
  reason: property === "" ? reason : `${property}: ${reason}`,
});

/**
 * An error as the dynamic process reports it. The engine prints `message`, or of a partial failure only `reasons`, so the
 * whole text goes into each of them. Of a failed check, diff, read or delete the process itself prints the error and its stack as
 * well: that line only says whose error follows.
 *
 * @param stateOf the whole state of what failed in part, from its outputs
 */
export function toEngineError(label: string, error: unknown, stateOf: (outputs: Properties) => Properties): Error {
  const isInitFailure = error instanceof ResourceInitFailedError;
  const cause = isInitFailure ? error.cause : error;
  if (!isInitFailure && !UnikernelError.is(cause)) return cause instanceof Error ? cause : new Error(String(cause));
  const text = formatError(cause);
  const report = Object.assign(new Error(text), { toString: () => label, stack: "failed; the reason follows." });
  if (!isInitFailure) return report;
  return Object.assign(report, { id: error.id, properties: stateOf(error.outputs), reasons: [text] });
}
