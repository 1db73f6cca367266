/** The diff of one resource, as the engine needs it. Pure. */
import { REPLACE_ON_CHANGES_KEY } from "../definition/internalKeys";
import { reusesName } from "../definition/naming";
import { formatPath, parsePath } from "../definition/propertyPath";
import { countReachableParts } from "../definition/replaceOnChanges";
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

/** A sentence for each path of the option whose beginning is an input and whose rest no value of that input can have. */
export function describeDeadPaths(resource: AnyResource, news: Properties): string[] {
  return patternsIn(news).flatMap((path) => {
    const count = countReachableParts(resource.inputs, path);
    if (count === 0 || count === path.length) return [];
    const [whole, parent] = [path, path.slice(0, count)].map((one) => formatPath(one).replaceAll('["*"]', "[*]"));
    return [`replaceOnChanges: '${whole}' has no effect: '${parent}' has no member '${path[count]}'.`];
  });
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
  const blocksReplacement = reusesName(olds, news) || resource.deleteBeforeReplace?.(news, olds) === true;
  return {
    label,
    olds,
    news,
    changes,
    movesMetro,
    deleteBeforeReplace: !movesMetro && isReplaced && blocksReplacement,
  };
}
