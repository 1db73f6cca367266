/** The sentences that a preview prints in addition to the engine's output: what an update will do. */
import { formatChangeSummary } from "./changeSummary";
import type { AnyResource } from "../resources/all";
import type { ResourceDiff } from "./resourceDiff";
import { inputsFromState, hasPendingStart } from "./dynamic/state";
import { previewSteps } from "./previewSteps";

/** The sentences about a change, derived from the plan that the update executes. */
export function describeChanges(resource: AnyResource, resourceDiff: ResourceDiff): readonly string[] {
  const { changes, movesMetro, olds } = resourceDiff;
  if (changes.length === 0 && !movesMetro && !hasPendingStart(olds)) return [];
  const isCertain = changes.some(({ certain }) => certain) || hasPendingStart(olds);
  const isUpdate = !movesMetro && changes.every(({ replace }) => !replace) && isCertain;
  const isDeleteLocked = inputsFromState(resource, olds)["deleteLock"] === true;
  return formatChangeSummary({
    ...resourceDiff,
    isDeleteLocked,
    ...(isUpdate ? previewSteps(resource, resourceDiff) : { steps: [], partiallyUnknown: [] }),
  });
}

/** Creates a function that prints each sentence once per process. The engine shows what a dynamic provider process prints. */
export function createPrintOnce(print: (line: string) => void): (sentences: readonly string[]) => void {
  const printed = new Set<string>();
  return (sentences) => {
    for (const sentence of sentences) {
      if (printed.has(sentence)) continue;
      printed.add(sentence);
      print(sentence);
    }
  };
}
