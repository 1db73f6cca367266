/** Errors in the form that the dynamic provider process expects. */
import { UnikernelError, formatError } from "../../base/errors";
import { resourceNameIn } from "../../definition/internalKeys";
import type { CheckFailure, Properties } from "../../definition/resource";
import { ResourceInitFailedError } from "../../definition/initFailed";
import type { AnyResource } from "../../resources/all";

/** The resource in messages, such as `Volume 'data'`. */
export const resourceLabel = ({ kind }: AnyResource, state: Properties): string =>
  `${kind} '${resourceNameIn(state) ?? ""}'`;

/** A failed check. If the property is set, the engine also prints its value, secrets included; so the name goes into the text. */
export const toEngineFailure = ({ property, reason }: CheckFailure): { property: string; reason: string } => ({
  property: "",
  reason: property === "" ? reason : `${property}: ${reason}`,
});

/**
 * An error as the dynamic provider process reports it. The engine prints `message`, or only `reasons` for a partial failure, so
 * both contain the whole text. For a failed check, diff, read or delete, the process itself also prints the error and its stack;
 * here that line only names the resource.
 *
 * @param stateOf the complete state of a partially failed resource, from its outputs
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
