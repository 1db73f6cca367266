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
    replacementNote: resource.describeReplacement?.(inputsFromState(resource, olds), resourceDiff.news),
    ...(isUpdate ? previewSteps(resource, resourceDiff) : { steps: [], partiallyUnknown: [] }),
  });
}

/** Reports sentences about the resource with this URN. */
export type Say = (sentences: readonly string[], urn: string | undefined) => void;

/** Reports each sentence about a resource once per process, because the engine may call diff more than once. */
export function sayOnce(say: (sentence: string, urn: string | undefined) => void): Say {
  const said = new Set<string>();
  return (sentences, urn) => {
    for (const sentence of sentences) {
      const key = `${urn ?? ""} ${sentence}`;
      if (said.has(key)) continue;
      said.add(key);
      say(sentence, urn);
    }
  };
}
