/** What a preview says beyond the engine's own words: what an update will do. */
import { narrate } from "../definition/narrate";
import type { AnyResource } from "../resources/all";
import type { Decided } from "./decided";
import { inputsOf, owesStart } from "./state";
import { sureSteps } from "./sureSteps";

/** The sentences about it, from the same plan that the update carries out. */
export function foresee(resource: AnyResource, decided: Decided): readonly string[] {
  const { changes, moves, olds } = decided;
  if (changes.length === 0 && !moves && !owesStart(olds)) return [];
  const isSure = changes.some(({ certain }) => certain) || owesStart(olds);
  const inPlace = !moves && changes.every(({ replace }) => !replace) && isSure;
  const isLocked = inputsOf(resource, olds)["deleteLock"] === true;
  return narrate({ ...decided, isLocked, ...(inPlace ? sureSteps(resource, decided) : { steps: [], vague: [] }) });
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
