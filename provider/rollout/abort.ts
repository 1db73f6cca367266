/** Cleans up after a failed rollout. */
import type { InstanceItem } from "../contract/models";
import { assessReadiness } from "../client/waitForInstance";
import { UnikernelError, formatErrorSentences, errorMessage } from "../base/errors";
import { hasTimedOut } from "../base/timeout";
import type { RolloutState } from "./assess";
import { deleteInstances, listInstances } from "./instances";
import type { Rollout } from "./rolloutRequest";

/** `1 new instance`, `2 new instances`. */
const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Cleans up after a failed rollout. Returns an error that counts the removed and the remaining instances. */
export async function abortRollout(rollout: Rollout, state: RolloutState, error: unknown): Promise<unknown> {
  if (rollout.signal?.aborted === true && !hasTimedOut(rollout.signal)) return error; // cancelled: no time to clean up
  let summary = "";
  try {
    const context = rollout.cleanup?.() ?? rollout;
    const instances = await listInstances(context, rollout.service, rollout.isManaged, state.launched);
    const isServing = (instance: InstanceItem) => assessReadiness(instance).outcome === "met";
    const kept = instances.filter((i) => !state.launched.has(i.uuid) || (state.proven.has(i.uuid) && isServing(i)));
    const unproven = [...state.launched].filter((uuid) => kept.every((instance) => instance.uuid !== uuid));
    await deleteInstances(context.client, unproven);
    const serving = kept.filter(isServing);
    const old = serving.filter((instance) => !rollout.isNew(instance)).length;
    const counts = [countOf(unproven.length, "new instance"), countOf(old, "old instance")];
    summary = `${counts[0]} removed; ${counts[1]} still serving.`;
    const proven = serving.length - old;
    if (proven > 0)
      summary = `${counts[0]} removed; ${counts[1]} and ${countOf(proven, "new instance")} still serving.`;
  } catch (cleanupError) {
    summary = `Cleaning up failed too: ${errorMessage(cleanupError)}`;
  }
  const causeText = UnikernelError.is(error) ? formatErrorSentences(error) : String(error);
  return new UnikernelError(
    "ROLLOUT_FAILED",
    `The rollout of service '${rollout.service.name}' failed. ${summary} Cause: ${causeText}`,
    {
      hint: "Fix the cause and rerun 'pulumi up'; the rollout resumes.",
      cause: error,
    },
  );
}
