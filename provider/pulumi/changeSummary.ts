/** What a preview says of a change: one sentence each for what is sure and for what is not known yet. Pure. */
import type { PropertyChange } from "../definition/diff";

/** A change of one resource, decided. */
export interface Foreseen {
  /** The resource, such as `Instance 'web'`. */
  readonly label: string;
  readonly changes: readonly PropertyChange[];
  /** It is made anew in another metro. */
  readonly moves: boolean;
  /** Where a successor is made: the old one goes before it. */
  readonly deletesFirst: boolean;
  /** The old one is locked against deletion. */
  readonly isLocked: boolean;
  /** Where it is changed in place: what the update does, in that order, as words that follow "will". */
  readonly steps: readonly string[];
  /** Changed in place for sure, to what is not all known, so that `steps` do not tell all of it. */
  readonly vague: readonly string[];
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

const inTurn = (steps: readonly string[]): string =>
  steps.length < 2 ? steps.join("") : `${steps.slice(0, -1).join(", ")}, then ${steps.at(-1) ?? ""}`;

const namesOf = (changes: readonly PropertyChange[]): string => listed(changes.map(({ property }) => property));

/** What a change would take beside its own request. */
const takes = ({ mayReplace, restart }: PropertyChange): string =>
  mayReplace ? ", for which it would be replaced" : restart ? ", for which it would be stopped and started" : "";

/** A sentence for all that would take the same. */
function grouped(changes: readonly PropertyChange[], say: (names: string, takes: string, they: string) => string) {
  return [...new Set(changes.map(takes))].map((taken) => {
    const alike = changes.filter((change) => takes(change) === taken);
    return say(namesOf(alike), taken, alike.length === 1 ? "it is" : "they are");
  });
}

/** The sentences; none when nothing changes. Only names of properties are quoted, and what `steps` quote: no values. */
export function narrate(foreseen: Foreseen): readonly string[] {
  const { label, changes, moves, deletesFirst, isLocked, steps, vague } = foreseen;
  const replacing = changes.filter(({ replace }) => replace);
  if (moves || replacing.length > 0) {
    const because = moves ? "it moves to another metro" : `${namesOf(replacing)} cannot be changed in place`;
    const how = deletesFirst ? "deleted and made anew" : "replaced";
    return [
      `${label}: will be ${how} because ${because}.`,
      ...(isLocked
        ? [`${label}: the old one is locked against deletion: set deleteLock to false and run 'pulumi up' first.`]
        : []),
    ];
  }
  const certain = changes.filter((change) => change.certain);
  const isVague = ({ property }: PropertyChange): boolean => vague.includes(property);
  const clear = certain.filter((change) => !isVague(change));
  return [
    ...(steps.length > 0
      ? [`${label}: the update will ${inTurn(steps)}.`]
      : clear.length > 0
        ? [`${label}: will change ${namesOf(clear)} in place.`]
        : []),
    ...grouped(
      certain.filter(isVague),
      (names, taken, they) => `${label}: ${names} will change${taken}: ${they} not all known yet.`,
    ),
    ...grouped(
      changes.filter((change) => !change.certain),
      (names, taken, they) => `${label}: ${names} may change${taken}: ${they} not known yet.`,
    ),
  ];
}
