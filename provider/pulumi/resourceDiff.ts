/** The diff of one resource, as the engine needs it. Pure. */
import { REPLACE_ON_CHANGES_KEY } from "../definition/internalKeys";
import { reusesName } from "../definition/naming";
import { parsePath } from "../definition/propertyPath";
import type { Properties, PropertyChange } from "../definition/resource";
import { diff } from "../definition/diff";
import { sameFields } from "../definition/fields";
import type { AnyResource } from "../resources/all";
import { inputsFromState } from "./dynamic/state";

/** The diff of one resource. */
export interface ResourceDiff {
  /** The resource, such as `Instance 'web'`. */
  readonly label: string;
  /** The complete old state. */
  readonly olds: Properties;
  /** The new inputs. */
  readonly news: Properties;
  readonly changes: readonly PropertyChange[];
  /** The resource is replaced in another metro. */
  readonly movesMetro: boolean;
  /** For a replacement: the old resource is deleted first. */
  readonly deleteBeforeReplace: boolean;
}

/** The paths of the option `replaceOnChanges`; the engine itself rejects what is none. */
function patternsIn(news: Properties) {
  const paths = news[REPLACE_ON_CHANGES_KEY];
  return Array.isArray(paths)
    ? paths.flatMap((path) => [parsePath(String(path)) ?? []].filter(({ length }) => length > 0))
    : [];
}

/** Computes the diff. */
export function diffResource(
  resource: AnyResource,
  { label, olds, news, movesMetro }: Pick<ResourceDiff, "label" | "olds" | "news" | "movesMetro">,
): ResourceDiff {
  // The state contains checked inputs, so equal ones need no parsing.
  const isSame = sameFields(resource.inputs, olds, news);
  const changes = isSame ? [] : diff(resource, inputsFromState(resource, olds), news, patternsIn(news));
  const isReplaced = changes.some(({ replace }) => replace);
  // In another metro the old resource does not block its replacement.
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
