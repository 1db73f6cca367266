/** What a preview says about a new resource with `adopt: true`: the object that it takes over, and what changes. */
import { UnikernelError, formatError } from "../base/errors";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import { assertAdoptable } from "../resources/common/adopt";
import type { ProviderContext } from "../resources/context";
import { describeChanges } from "./describeChanges";
import type { NameMessages } from "./nameChecker";

/** A new resource in a preview. */
export interface PreviewedAdoption {
  /** The resource, such as `Volume 'data'`. */
  readonly label: string;
  /** The checked inputs. */
  readonly inputs: Properties;
  /** `undefined` where it is not known. */
  readonly urn: string | undefined;
}

/**
 * The reason why the object cannot be taken over, as a sentence; none if it can, or if there is no such object. A metro that does not
 * respond fails no check: the create reports it.
 *
 * @param messages prints what changes, and warns about an object that another resource made
 */
export async function inspectAdoption(
  resource: AnyResource,
  { label, inputs, urn }: PreviewedAdoption,
  context: ProviderContext,
  { inform, warn }: NameMessages,
): Promise<readonly string[]> {
  const what = `${resource.kind.toLowerCase()} '${String(inputs["name"])}'`;
  try {
    const found = await resource.findAdoptable?.(context, inputs);
    if (found === undefined) return [];
    // The resource's own object is the predecessor of a replacement, of which the engine does not tell.
    const holder = await resource.findNameHolder?.(context, found.id, inputs);
    if (holder === "finished") return [];
    const { changes } = found;
    assertAdoptable(`the existing ${what}`, found, inputs);
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
    if (holder === "managed") {
      const wayOut =
        "If that one still exists, remove it from its stack first: 'pulumi state delete' keeps the object.";
      warn([`${label}: the existing ${what} was created by another resource, or by another stack. ${wayOut}`], urn);
    }
    inform(
      [
        `${label}: adopts the existing ${what}${effect}.`,
        ...sentences,
        ...((await resource.inspectUpdate?.(context, found.inputs, inputs)) ?? []).map((one) => `${label}: ${one}`),
      ],
      urn,
    );
    return [];
  } catch (error) {
    if (!UnikernelError.is(error)) throw error;
    return UnikernelError.has(error, "ALREADY_EXISTS", "IN_USE") ? [formatError(error)] : [];
  }
}
