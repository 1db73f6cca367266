/** Errors in the form that the dynamic provider process expects. */
import { type ErrorCode, UnikernelError, errorMessage, formatErrorSentences, isError } from "../../base/errors";
import { fromFolderError } from "../../base/localPaths";
import { resourceNameIn } from "../../definition/internalKeys";
import type { CheckFailure, Properties } from "../../definition/resource";
import { ResourceInitFailedError } from "../../definition/initFailed";
import type { AnyResource } from "../../resources/all";
import { CancelledError } from "./cancellation";
import { REPORTED_STACK } from "./reportedErrors";

/** The resource in messages, such as `Volume 'data'`. */
export const resourceLabel = ({ kind }: AnyResource, state: Properties): string =>
  `${kind} '${resourceNameIn(state) ?? ""}'`;

/**
 * A failed check. Without a property the engine prints just our text, which begins with its code; with one it would print the value
 * too, secrets included.
 */
export const toEngineFailure = ({ code, property, reason }: CheckFailure): { property: string; reason: string } => ({
  property: "",
  reason: `${code ?? "INPUT_INVALID"}: ${property === "" ? reason : `${property}: ${reason}`}`,
});

/** Something that failed during a check, as its outcome. */
export function toCheckFailure(thrown: unknown): CheckFailure {
  const error = fromFolderError(thrown);
  if (!UnikernelError.is(error)) return { code: codeOf(error), property: "", reason: errorMessage(error) };
  return { code: error.code, property: "", reason: formatErrorSentences(error) };
}

const codeOf = (error: unknown): ErrorCode => {
  if (UnikernelError.is(error)) return error.code;
  return error instanceof CancelledError ? "CANCELLED" : "BUG";
};

/**
 * An error as the dynamic process reports it. The engine prints `message`, or of a partial failure only `reasons`, so the
 * whole text goes into each of them. The stack of a defect is kept.
 *
 * @param stateOf the complete state of a partially failed resource, from its outputs
 */
export function toEngineError(label: string, error: unknown, stateOf: (outputs: Properties) => Properties): Error {
  const isInitFailure = error instanceof ResourceInitFailedError;
  const cause = isInitFailure ? error.cause : error;
  const { code, reason } = toCheckFailure(cause);
  const text = `${code}: ${reason}`;
  const report = Object.assign(
    new Error(text, { cause }),
    code === "BUG" && isError(cause) ? { stack: cause.stack ?? "" } : { toString: () => label, stack: REPORTED_STACK },
  );
  if (!isInitFailure) return report;
  return Object.assign(report, { id: error.id, properties: stateOf(error.outputs), reasons: [text] });
}
