/** What a change of one resource means to the engine. Pure. */
import { keepsName } from "../definition/naming";
import type { Properties } from "../definition/resource";
import { type PropertyChange, diff } from "../definition/diff";
import type { AnyResource } from "../resources/all";
import { inputsOf } from "./dynamic/state";

/** A change that was decided. */
export interface Decided {
  readonly label: string;
  /** The old state, whole. */
  readonly olds: Properties;
  readonly news: Properties;
  readonly changes: readonly PropertyChange[];
  /** It is made anew in another metro. */
  readonly moves: boolean;
  /** Where a successor is made: the old one goes before it. */
  readonly deletesFirst: boolean;
}

/** Decides it. */
export function decide(
  resource: AnyResource,
  { label, olds, news, moves }: Pick<Decided, "label" | "olds" | "news" | "moves">,
): Decided {
  const changes = diff(resource, inputsOf(resource, olds), news);
  const isReplaced = changes.some(({ replace }) => replace);
  // In another metro nothing stands in the way of a successor.
  const stands = keepsName(olds, news) || resource.deleteBeforeReplace?.(news) === true;
  return { label, olds, news, changes, moves, deletesFirst: !moves && isReplaced && stands };
}
