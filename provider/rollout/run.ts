/**
 * Runs a rollout: observe, plan and act until it is done or has failed.
 *
 * A failed rollout ends as `onFailure` says; see `failure.ts`. Running it again resumes from the current instances.
 */
import { onlyItem } from "../client/client";
import { createOrRecover } from "../client/transport/createOrRecover";
import type { InstanceItem } from "../contract/models";
import { assessReadiness, guestStoppedError } from "../client/waitForInstance";
import { UnikernelError, withErrorContext } from "../base/errors";
import { assessInstances, createRolloutState } from "./assess";
import { endFailedRollout } from "./failure";
import { drainAndDelete, listInstances, deleteInstances, deleteOnceStopped } from "./instances";
import { nextStep } from "./plan";
import type { Rollout } from "./rolloutRequest";

const OBSERVE_INTERVAL_MS = 200;

/**
 * Rolls the service out to `policy.desired` new instances and returns them.
 *
 * Throws `ROLLOUT_FAILED` (old instances keep serving), with the cause, such as the API's error for a launch; `ROLLOUT_STOPPED` and
 * `ROLLOUT_LOCKED` of {@link Rollout.checkStop}.
 */
export async function runRollout(rollout: Rollout): Promise<readonly InstanceItem[]> {
  const state = createRolloutState();
  try {
    for (;;) {
      rollout.signal?.throwIfAborted();
      const instances = await listInstances(rollout, rollout.service, rollout.isManaged, state.launched);
      const assessed = await assessInstances(rollout, instances, state);
      const step = nextStep(assessed, rollout.policy);
      if (step.action !== "done") await rollout.checkStop?.(step.action === "wait");
      switch (step.action) {
        case "done":
          return instances.filter(rollout.isNew);
        case "launch":
          for (let i = 0; i < step.count; i++) state.launched.add(await launchInstance(rollout));
          break;
        case "drain":
          await Promise.all(step.uuids.map((uuid) => drainAndDelete(rollout, uuid, drainOptionsOf(rollout))));
          break;
        case "remove":
          await deleteIdle(rollout, instances, step.uuids);
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
    throw await endFailedRollout(rollout, state, error, runRollout);
  }
}

const drainOptionsOf = ({ policy: { drainTimeoutMs }, timeoutMs }: Rollout) => ({ drainTimeoutMs, timeoutMs });

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
): Promise<void> {
  const drainOptions = drainOptionsOf(rollout);
  await Promise.all(
    uuids.map((uuid) => {
      const instance = instances.find((candidate) => candidate.uuid === uuid);
      if (instance?.state === "draining" || instance?.state === "stopping") {
        return deleteOnceStopped(rollout, uuid, drainOptions);
      }
      return instance !== undefined && assessReadiness(instance).outcome === "met"
        ? drainAndDelete(rollout, uuid, drainOptions)
        : deleteInstances(rollout.client, [uuid]);
    }),
  );
}
