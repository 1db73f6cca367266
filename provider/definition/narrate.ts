/** What a preview says of a change: one sentence each for what is sure and for what is not known yet. Pure. */
import type { PropertyChange } from "./diff";

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
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

const inTurn = (steps: readonly string[]): string =>
  steps.length < 2 ? steps.join("") : `${steps.slice(0, -1).join(", ")}, then ${steps.at(-1) ?? ""}`;

const namesOf = (changes: readonly PropertyChange[]): string => listed(changes.map(({ property }) => property));

/** The sentences; none when nothing changes. Only names of properties are quoted, and what `steps` quote: no values. */
export function narrate({ label, changes, moves, deletesFirst, isLocked, steps }: Foreseen): readonly string[] {
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
  const open = changes.filter((change) => !change.certain);
  const stops = open.some(({ restart }) => restart) ? ", for which it would be stopped and started" : "";
  const isOne = open.length === 1;
  return [
    ...(steps.length > 0
      ? [`${label}: the update will ${inTurn(steps)}.`]
      : certain.length > 0
        ? [`${label}: will change ${namesOf(certain)} in place.`]
        : []),
    ...(isOne || open.length > 1
      ? [`${label}: ${namesOf(open)} may change${stops}: ${isOne ? "it is" : "they are"} not known yet.`]
      : []),
  ];
}
