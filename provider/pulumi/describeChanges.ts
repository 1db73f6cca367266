/** What a preview prints beside the engine's own output: what an update will do. */
import { formatChangeSummary } from "./changeSummary";
import type { AnyResource } from "../resources/all";
import type { ResourceDiff } from "./resourceDiff";
import { inputsFromState, hasPendingStart } from "./dynamic/state";
import { previewSteps } from "./previewSteps";

/** The sentences about a change, from the same plan that the update carries out. */
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

/** Prints each sentence once per process. The engine shows what a dynamic provider process prints. */
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
