/** What a change of one resource means to the engine. Pure. */
import { keepsName } from "../definition/autoname";
import type { Properties } from "../definition/define";
import { type PropertyChange, diff } from "../definition/diff";
import { sameFields } from "../definition/fields";
import type { AnyResource } from "../resources/all";
import { inputsOf } from "./state";

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
  // The state holds inputs as they were checked, so equal ones need no parsing.
  const changes = sameFields(resource.inputs, olds, news) ? [] : diff(resource, inputsOf(resource, olds), news);
  const isReplaced = changes.some(({ replace }) => replace);
  // In another metro nothing stands in the way of a successor.
  const stands = keepsName(olds, news) || resource.deleteBeforeReplace?.(news) === true;
  return { label, olds, news, changes, moves, deletesFirst: !moves && isReplaced && stands };
}
