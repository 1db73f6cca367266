/** What a preview says about a new resource with `adopt: true`: the object that it takes over, and what changes. */
import { UnikernelError, formatError } from "../base/errors";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import { assertAdoptable } from "../resources/common/adopt";
import type { ProviderContext } from "../resources/context";
import { describeChanges } from "./describeChanges";

/** A new resource in a preview. */
export interface PreviewedAdoption {
  /** The resource, such as `Volume 'data'`. */
  readonly label: string;
  /** The checked inputs. */
  readonly inputs: Properties;
}

/**
 * The reason why the object cannot be taken over, as a sentence; none if it can, or if there is no such object. A metro that does not
 * respond fails no check: the create reports it.
 *
 * @param announce prints what changes
 */
export async function inspectAdoption(
  resource: AnyResource,
  { label, inputs }: PreviewedAdoption,
  context: ProviderContext,
  announce: (sentences: readonly string[]) => void,
): Promise<readonly string[]> {
  const what = `${resource.kind.toLowerCase()} '${String(inputs["name"])}'`;
  try {
    const found = await resource.findAdoptable?.(context, inputs);
    if (found === undefined) return [];
    // The resource's own object is the predecessor of a replacement, of which the engine does not tell.
    if ((await resource.findNameHolder?.(context, found.id, inputs)) === "finished") return [];
    const { changes } = found;
    assertAdoptable(`the existing ${what}`, changes);
    const olds = { ...found.inputs, ...found.outputs };
    const sentences = describeChanges(resource, {
      ...{ label, olds, news: inputs, changes },
      ...{ movesMetro: false, deleteBeforeReplace: false },
    });
    const certain = changes.filter((change) => change.certain).map(({ property }) => property);
    const effect =
      changes.length === 0
        ? ", which needs no change"
        : certain.length === 0
          ? ""
          : ` and changes ${certain.join(", ")}`;
    announce([
      `${label}: adopts the existing ${what}${effect}.`,
      ...sentences,
      ...((await resource.inspectUpdate?.(context, found.inputs, inputs)) ?? []).map((one) => `${label}: ${one}`),
    ]);
    return [];
  } catch (error) {
    return UnikernelError.has(error, "ALREADY_EXISTS", "IN_USE") ? [formatError(error)] : [];
  }
}
