/** What a preview says of a change: one sentence each for what is sure and for what is not known yet. Pure. */
import type { PropertyChange } from "../definition/diff";

/** A change of one resource, decided. */
export interface ChangeSummary {
  /** The resource, such as `Instance 'web'`. */
  readonly label: string;
  readonly changes: readonly PropertyChange[];
  /** It is made anew in another metro. */
  readonly movesMetro: boolean;
  /** Where a successor is made: the old one goes before it. */
  readonly deleteBeforeReplace: boolean;
  /** The old one is locked against deletion. */
  readonly isDeleteLocked: boolean;
  /** Where it is changed in place: what the update does, in that order, as words that follow "will". */
  readonly steps: readonly string[];
  /** Changed in place for sure, to what is not all known, so that `steps` do not tell all of it. */
  readonly partiallyUnknown: readonly string[];
}

const joinWithAnd = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

const joinWithThen = (steps: readonly string[]): string =>
  steps.length < 2 ? steps.join("") : `${steps.slice(0, -1).join(", ")}, then ${steps.at(-1) ?? ""}`;

const propertyNames = (changes: readonly PropertyChange[]): string =>
  joinWithAnd(changes.map(({ property }) => property));

/** What a change would take beside its own request. */
const consequenceOf = ({ mayReplace, restart }: PropertyChange): string =>
  mayReplace ? ", for which it would be replaced" : restart ? ", for which it would be stopped and started" : "";

/** A sentence for all that would take the same. */
function groupByConsequence(
  changes: readonly PropertyChange[],
  toSentence: (names: string, takes: string, they: string) => string,
) {
  return [...new Set(changes.map(consequenceOf))].map((consequence) => {
    const alike = changes.filter((change) => consequenceOf(change) === consequence);
    return toSentence(propertyNames(alike), consequence, alike.length === 1 ? "it is" : "they are");
  });
}

/** The sentences; none when nothing changes. Only names of properties are quoted, and what `steps` quote: no values. */
export function formatChangeSummary(summary: ChangeSummary): readonly string[] {
  const { label, changes, movesMetro, deleteBeforeReplace, isDeleteLocked, steps, partiallyUnknown } = summary;
  const replacing = changes.filter(({ replace }) => replace);
  if (movesMetro || replacing.length > 0) {
    const reason = movesMetro ? "it moves to another metro" : `${propertyNames(replacing)} cannot be changed in place`;
    const how = deleteBeforeReplace ? "deleted and made anew" : "replaced";
    return [
      `${label}: will be ${how} because ${reason}.`,
      ...(isDeleteLocked
        ? [`${label}: the old one is locked against deletion: set deleteLock to false and run 'pulumi up' first.`]
        : []),
    ];
  }
  const certain = changes.filter((change) => change.certain);
  const isPartiallyUnknown = ({ property }: PropertyChange): boolean => partiallyUnknown.includes(property);
  const fullyKnown = certain.filter((change) => !isPartiallyUnknown(change));
  return [
    ...(steps.length > 0
      ? [`${label}: the update will ${joinWithThen(steps)}.`]
      : fullyKnown.length > 0
        ? [`${label}: will change ${propertyNames(fullyKnown)} in place.`]
        : []),
    ...groupByConsequence(
      certain.filter(isPartiallyUnknown),
      (names, taken, they) => `${label}: ${names} will change${taken}: ${they} not all known yet.`,
    ),
    ...groupByConsequence(
      changes.filter((change) => !change.certain),
      (names, taken, they) => `${label}: ${names} may change${taken}: ${they} not known yet.`,
    ),
  ];
}
