/** What a preview says beyond the engine's own words: what an update will do. */
import type { Properties } from "../definition/define";
import type { PropertyChange } from "../definition/diff";
import { narrate } from "../definition/narrate";
import type { AnyResource } from "../resources/all";
import { inputsOf, owesStart } from "./state";

/** A change that was decided. */
export interface Decided {
  readonly label: string;
  /** The old state, whole. */
  readonly olds: Properties;
  readonly news: Properties;
  readonly changes: readonly PropertyChange[];
  readonly moves: boolean;
  readonly deletesFirst: boolean;
}

/** The sentences about it, from the same plan that the update carries out. */
export function foresee(resource: AnyResource, decided: Decided): readonly string[] {
  const { label, olds, news, changes, moves, deletesFirst } = decided;
  const before = inputsOf(resource, olds);
  // What is not known may turn out to be no change: the plan is for what is sure.
  const open = changes.filter(({ certain }) => !certain).map(({ property }) => [property, before[property]] as const);
  const isSure = changes.some(({ certain }) => certain) || owesStart(olds);
  const inPlace = !moves && changes.every(({ replace }) => !replace) && isSure;
  const after = inputsOf(resource, { ...news, ...Object.fromEntries(open) });
  const steps = inPlace ? (resource.describeUpdate?.(before, after, olds) ?? []) : [];
  return narrate({ label, changes, moves, deletesFirst, isLocked: before["deleteLock"] === true, steps });
}

/** Prints each sentence once per process. The engine shows what a dynamic provider process prints. */
export function announcer(print: (line: string) => void): (sentences: readonly string[]) => void {
  const said = new Set<string>();
  return (sentences) => {
    for (const sentence of sentences) {
      if (said.has(sentence)) continue;
      said.add(sentence);
      print(sentence);
    }
  };
}
