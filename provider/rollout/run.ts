/**
 * Runs a rollout: observe, plan and act until it is done or has failed.
 *
 * A failed rollout removes only instances that it launched itself and that never became healthy; it never removes a serving
 * instance. Running it again resumes from the current instances.
 */
import { onlyItem } from "../client/client";
import { createOrRecover } from "../client/transport/createOrRecover";
import type { InstanceItem } from "../contract/models";
import { assessReadiness, guestStoppedError } from "../client/waitForInstance";
import { UnikernelError, withErrorContext, formatErrorSentences, errorMessage } from "../base/errors";
import { hasTimedOut } from "../base/timeout";
import { type RolloutState, assessInstances, createRolloutState } from "./assess";
import { drainMembers, drainOptionsOf } from "./drainMembers";
import { listInstances, deleteInstances, deleteOnceStopped } from "./instances";
import { nextStep } from "./plan";
import type { Rollout } from "./rolloutRequest";

const OBSERVE_INTERVAL_MS = 200;

/**
 * Rolls the service out to `policy.desired` new instances and returns them.
 *
 * Throws `ROLLOUT_FAILED` (old instances keep serving), with the cause, such as the API's error for a launch.
 */
export async function runRollout(rollout: Rollout): Promise<readonly InstanceItem[]> {
  const state = createRolloutState();
  const beganMs = rollout.clock.now();
  try {
    for (;;) {
      rollout.signal?.throwIfAborted();
      const instances = await listInstances(rollout, rollout.service, rollout.isManaged, state.launched);
      const assessed = await assessInstances(rollout, instances, state);
      const step = nextStep(assessed, rollout.policy);
      switch (step.action) {
        case "done":
          return instances.filter(rollout.isNew);
        case "launch":
          for (let i = 0; i < step.count; i++) state.launched.add(await launchInstance(rollout));
          break;
        case "drain":
          await drainMembers(
            rollout,
            instances.filter(({ uuid }) => step.uuids.includes(uuid)),
            beganMs,
          );
          break;
        case "remove":
          await deleteIdle(rollout, instances, step.uuids, beganMs);
          break;
        case "give-up": {
          const broken = instances.find((instance) => instance.uuid === step.uuids[0]);
          const readiness = broken === undefined ? undefined : assessReadiness(broken);
          if (broken !== undefined && readiness?.outcome === "failed")
            throw guestStoppedError(
              broken,
              readiness.reason,
              rollout.client.metro,
              (await rollout.reportConsole?.(broken)) ?? "Its console log was removed with it.",
            );
          throw new UnikernelError("OPERATION_FAILED", "A new instance is down.");
        }
        case "wait":
          await rollout.clock.sleep(OBSERVE_INTERVAL_MS, rollout.signal);
          break;
        default:
          step satisfies never;
      }
    }
  } catch (error) {
    throw await abortRollout(rollout, state, error);
  }
}

async function launchInstance(rollout: Rollout): Promise<string> {
  const { client, service, signal } = rollout;
  const request = rollout.createRequest();
  const { name = "" } = request;
  const call = signal === undefined ? {} : { signal };
  const created = await createOrRecover(
    rollout,
    async () =>
      onlyItem(
        await client.createInstance({ body: request }, call),
        `Creating instance '${name}' of service '${service.name}'`,
      ),
    async () => (await client.getInstances({ query: { name: [name] } }, call)).items[0],
  ).catch((error: unknown) => {
    throw withErrorContext(error, rollout.errorContexts ?? {});
  });
  return created.uuid;
}

/**
 * Deletes instances that do not count as serving. They may still have connections: one that is ready but not yet stable is
 * drained, and one that an earlier rollout was draining may finish.
 */
async function deleteIdle(
  rollout: Rollout,
  instances: readonly InstanceItem[],
  uuids: readonly string[],
  beganMs: number,
): Promise<void> {
  await Promise.all(
    uuids.map((uuid) => {
      const instance = instances.find((candidate) => candidate.uuid === uuid);
      if (instance?.state === "draining" || instance?.state === "stopping") {
        return deleteOnceStopped(rollout, uuid, drainOptionsOf(rollout, instance));
      }
      return instance !== undefined && assessReadiness(instance).outcome === "met"
        ? drainMembers(rollout, [instance], beganMs)
        : deleteInstances(rollout.client, [uuid]);
    }),
  );
}

/** `1 new instance`, `2 new instances`. */
const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Cleans up after a failed rollout. Returns an error that counts the removed and the remaining instances. */
async function abortRollout(rollout: Rollout, state: RolloutState, error: unknown): Promise<unknown> {
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
