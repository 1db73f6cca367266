/** What a change of one resource means to the engine. Pure. */
import { reusesName } from "../definition/naming";
import type { Properties } from "../definition/resource";
import { type PropertyChange, diff } from "../definition/diff";
import { sameFields } from "../definition/fields";
import type { AnyResource } from "../resources/all";
import { inputsFromState } from "./dynamic/state";

/** A change that was decided. */
export interface ResourceDiff {
  readonly label: string;
  /** The old state, whole. */
  readonly olds: Properties;
  readonly news: Properties;
  readonly changes: readonly PropertyChange[];
  /** It is made anew in another metro. */
  readonly movesMetro: boolean;
  /** Where a successor is made: the old one goes before it. */
  readonly deleteBeforeReplace: boolean;
}

/** Decides it. */
export function diffResource(
  resource: AnyResource,
  { label, olds, news, movesMetro }: Pick<ResourceDiff, "label" | "olds" | "news" | "movesMetro">,
): ResourceDiff {
  // The state holds inputs as they were checked, so equal ones need no parsing.
  const isSame = sameFields(resource.inputs, olds, news);
  const changes = isSame ? [] : diff(resource, inputsFromState(resource, olds), news);
  const isReplaced = changes.some(({ replace }) => replace);
  // In another metro nothing stands in the way of a successor.
  const blocksReplacement = reusesName(olds, news) || resource.deleteBeforeReplace?.(news) === true;
  return {
    label,
    olds,
    news,
    changes,
    movesMetro,
    deleteBeforeReplace: !movesMetro && isReplaced && blocksReplacement,
  };
}
