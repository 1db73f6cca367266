/**
 * Carries out a roll: observe, plan, act, until done or given up.
 *
 * A roll that is given up removes only instances that it launched itself and that have not proved themselves; what
 * serves is never removed. Calling it again continues from what is there.
 */
import { onlyItem } from "../client/client";
import { adoptAfterLostAnswer } from "../client/transport/createOrRecover";
import type { InstanceItem } from "../contract/models";
import { answers, guestStopped } from "../client/waitForInstance";
import { UnikernelError, blame, sentencesOf } from "../base/errors";
import { type Memory, judge, newMemory } from "./assess";
import { drain, observe, remove, removeOnceStopped } from "./instances";
import { nextStep } from "./plan";
import type { Rollout } from "./rollout";

const OBSERVE_EVERY_MS = 200;

/**
 * Brings the service to `policy.desired` new instances. Returns them.
 *
 * Throws `ROLLOUT_FAILED` (old instances keep serving), or what the API answered to a launch.
 */
export async function roll(rollout: Rollout): Promise<readonly InstanceItem[]> {
  const memory = newMemory();
  try {
    for (;;) {
      rollout.signal?.throwIfAborted();
      const instances = await observe(rollout, rollout.service, rollout.isManaged, memory.launched);
      const units = await judge(rollout, instances, memory);
      const step = nextStep(units, rollout.policy);
      switch (step.do) {
        case "done":
          return instances.filter(rollout.isNew);
        case "launch":
          for (let i = 0; i < step.count; i++) memory.launched.add(await launch(rollout));
          break;
        case "drain":
          await Promise.all(step.uuids.map((uuid) => drain(rollout, uuid, goingOf(rollout))));
          break;
        case "remove":
          await removeIdle(rollout, instances, step.uuids);
          break;
        case "give-up": {
          const broken = instances.find((instance) => instance.uuid === step.uuids[0]);
          const verdict = broken === undefined ? undefined : answers(broken);
          if (broken !== undefined && verdict?.is === "failed")
            throw await guestStopped(rollout.client, broken, verdict.because, [rollout.request()]);
          throw new UnikernelError("OPERATION_FAILED", "A new instance is down.");
        }
        case "wait":
          await rollout.clock.sleep(OBSERVE_EVERY_MS, rollout.signal);
          break;
        default:
          step satisfies never;
      }
    }
  } catch (error) {
    throw await giveUp(rollout, memory, error);
  }
}

const goingOf = ({ policy: { drainTimeoutMs }, timeoutMs }: Rollout) => ({ drainTimeoutMs, timeoutMs });

async function launch(rollout: Rollout): Promise<string> {
  const { client, service, signal } = rollout;
  const request = rollout.request();
  const { name = "" } = request;
  const call = signal === undefined ? {} : { signal };
  const created = await adoptAfterLostAnswer(
    rollout,
    async () =>
      onlyItem(
        await client.createInstance({ body: request }, call),
        `Creating instance '${name}' of service '${service.name}'`,
      ),
    async () => (await client.getInstances({ query: { name: [name] } }, call)).items[0],
  ).catch((error: unknown) => {
    throw blame(error, rollout.blames ?? {});
  });
  return created.uuid;
}

/**
 * Deletes what does not count. It may have connections all the same: one that answers but has not proved itself is drained,
 * and one that an earlier roll was draining may finish.
 */
async function removeIdle(
  rollout: Rollout,
  instances: readonly InstanceItem[],
  uuids: readonly string[],
): Promise<void> {
  const going = goingOf(rollout);
  await Promise.all(
    uuids.map((uuid) => {
      const instance = instances.find((candidate) => candidate.uuid === uuid);
      if (instance?.state === "draining" || instance?.state === "stopping") {
        return removeOnceStopped(rollout, uuid, going);
      }
      return instance !== undefined && answers(instance).is === "met"
        ? drain(rollout, uuid, going)
        : remove(rollout.client, [uuid]);
    }),
  );
}

/** Cleans up after a failed roll and says what state it leaves. */
async function giveUp(rollout: Rollout, memory: Memory, error: unknown): Promise<unknown> {
  if (rollout.signal?.aborted === true) return error;
  let left = "";
  try {
    const instances = await observe(rollout, rollout.service, rollout.isManaged, memory.launched);
    const isServing = (instance: InstanceItem) => answers(instance).is === "met";
    const kept = instances.filter((i) => !memory.launched.has(i.uuid) || (memory.proved.has(i.uuid) && isServing(i)));
    const unproved = [...memory.launched].filter((uuid) => kept.every((instance) => instance.uuid !== uuid));
    await remove(rollout.client, unproved);
    const serving = kept.filter(isServing);
    const old = serving.filter((instance) => !rollout.isNew(instance)).length;
    left = `${serving.length} instances go on serving, ${old} of them old; ${unproved.length} new ones were removed.`;
  } catch (cleanupError) {
    left = `Cleaning up failed too: ${cleanupError instanceof Error ? cleanupError.message : String(cleanupError)}`;
  }
  const said = UnikernelError.is(error) ? sentencesOf(error) : String(error);
  return new UnikernelError(
    "ROLLOUT_FAILED",
    `The roll of service '${rollout.service.name}' was given up. ${left} Cause: ${said}`,
    {
      hint: "Mend the cause and run 'pulumi up' again: it goes on from here.",
      cause: error,
    },
  );
}
