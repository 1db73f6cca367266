/** The sentences of a preview about a change: what is certain, then what depends on unknown values. Pure. */
import type { PropertyChange } from "../definition/resource";

/** What a preview knows about the change of one resource. */
export interface ChangeSummary {
  /** The resource, such as `Instance 'web'`. */
  readonly label: string;
  readonly changes: readonly PropertyChange[];
  /** The resource is replaced in another metro. */
  readonly movesMetro: boolean;
  /** For a replacement: the old resource is deleted first. */
  readonly deleteBeforeReplace: boolean;
  /** The old resource has a delete lock. */
  readonly isDeleteLocked: boolean;
  /** For an update in place: its steps in order, in words that follow "will". */
  readonly steps: readonly string[];
  /** Properties that certainly change in place but are not fully known, so `steps` do not cover them. */
  readonly partiallyUnknown: readonly string[];
  /** For a replacement: what it does beyond that, without a full stop; `undefined`: nothing. */
  readonly replacementNote: string | undefined;
}

const joinWithAnd = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

const joinWithThen = (steps: readonly string[]): string =>
  steps.length < 2 ? steps.join("") : `${steps.slice(0, -1).join(", ")}, then ${steps.at(-1) ?? ""}`;

const propertyNames = (changes: readonly PropertyChange[]): string =>
  joinWithAnd(changes.map(({ property }) => property));

/** What the change of a property does to the resource, as the end of a sentence. */
function consequenceOf({ mayReplace, restart, certain }: PropertyChange): string {
  if (mayReplace) return certain ? "; this may replace it" : "; a change would replace it";
  if (restart) return certain ? "; this restarts it" : "; a change would restart it";
  return "";
}

/** One sentence for all properties with the same consequence. */
function groupByConsequence(
  changes: readonly PropertyChange[],
  toSentence: (names: string, values: string, consequence: string) => string,
): readonly string[] {
  return [...new Set(changes.map(consequenceOf))].map((consequence) => {
    const alike = changes.filter((change) => consequenceOf(change) === consequence);
    return toSentence(propertyNames(alike), alike.length === 1 ? "value" : "values", consequence);
  });
}

/** Why it is replaced, to stand after "because". */
function replacementReason(replacing: readonly PropertyChange[]): string {
  const immutable = replacing.filter((change) => change.isReplacementRequested !== true);
  const requested = replacing.filter((change) => change.isReplacementRequested === true);
  return [
    ...(immutable.length > 0 ? [`${propertyNames(immutable)} cannot be changed in place`] : []),
    ...(requested.length > 0 ? [`replaceOnChanges covers ${propertyNames(requested)}`] : []),
  ].join(", and ");
}

/** The sentences; none without changes. They quote property names and `steps`, never values. */
export function formatChangeSummary(summary: ChangeSummary): readonly string[] {
  const { label, changes, movesMetro, deleteBeforeReplace, isDeleteLocked, steps, partiallyUnknown, replacementNote } =
    summary;
  const replacing = changes.filter(({ replace }) => replace);
  if (movesMetro || replacing.length > 0) {
    const reason = movesMetro ? "it moves to another metro" : replacementReason(replacing);
    const how = deleteBeforeReplace ? "deleted and recreated" : "replaced";
    return [
      `${label}: will be ${how} because ${reason}.`,
      ...(movesMetro || replacementNote === undefined ? [] : [`${label}: ${replacementNote}.`]),
      ...(isDeleteLocked
        ? [`${label}: the old resource is locked against deletion: set deleteLock to false and run 'pulumi up' first.`]
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
      (names, values, consequence) => `${label}: ${names} will change (${values} not fully known yet)${consequence}.`,
    ),
    ...groupByConsequence(
      changes.filter((change) => !change.certain),
      (names, values, consequence) => `${label}: ${names} may change (${values} not known yet)${consequence}.`,
    ),
  ];
}
