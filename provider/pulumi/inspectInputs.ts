/** What a preview finds out about new or changed inputs by looking at what they name, such as the image of an instance. */
import { sameFields } from "../definition/fields";
import type { CheckFailure } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { ProviderContext } from "../resources/context";
import type { PreviewedUpdate } from "./inspectUpdate";
import { inputsFromState } from "./dynamic/state";

/** Prints sentences about the resource. */
interface Messages {
  readonly inform: (sentences: readonly string[]) => void;
  readonly warn: (sentences: readonly string[]) => void;
}

/**
 * Prints the findings, and returns the failures. Nothing is looked at if no input has changed.
 *
 * @param getContext called only to look
 */
export async function inspectInputs(
  resource: AnyResource,
  { label, olds, news }: PreviewedUpdate,
  getContext: () => ProviderContext,
  { inform, warn }: Messages,
): Promise<readonly CheckFailure[]> {
  const isNew = Object.keys(olds).length === 0;
  if (resource.inspectInputs === undefined || (!isNew && sameFields(resource.inputs, olds, news))) return [];
  const before = isNew ? undefined : inputsFromState(resource, olds);
  const { information, warnings, failures = [] } = await resource.inspectInputs(getContext(), before, news);
  inform(information.map((clause) => `${label}: ${clause}.`));
  warn(warnings.map((clause) => `${label}: ${clause}.`));
  return failures;
}
