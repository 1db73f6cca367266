/** Wakes members that sleep, so that a request of one of them reaches all. */
import { callOptions } from "../../client/callContext";
import { allItems } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { getExistingInstances } from "../members/instances";
import { type ReadinessPolicy, hasPassed } from "../members/readiness";
import { type Waiting, pause, steadyTime } from "../waiting";

const POLL_MS = 100;

/**
 * Starts members in standby until all run and are ready at once. Returns the names of those that did not within the time.
 *
 * Throws the client's errors, and `ROLLOUT_STOPPED`.
 */
export async function wakeMembers(
  context: Waiting,
  uuids: readonly string[],
  policy: ReadinessPolicy,
  withinMs: number,
): Promise<readonly string[]> {
  const { client } = context;
  const now = steadyTime(context.clock);
  const endMs = now() + withinMs;
  for (;;) {
    const members = await getExistingInstances(context, uuids);
    const asleep = members.filter(({ state }) => state === "standby");
    if (asleep.length > 0) {
      const response = await client.startInstances(
        { body: asleep.map(({ uuid }) => ({ uuid })) },
        callOptions(context),
      );
      // One that goes to standby just now cannot be started yet.
      const items = response.items.filter(({ error }) => error !== ITEM_CODES.FailedWrongVmState);
      if (items.length > 0) allItems({ ...response, items }, `Waking ${asleep.length} instances`);
    }
    const late = members.filter((one) => one.state !== "running" || !hasPassed(policy, one));
    if (late.length === 0) return [];
    if (now() >= endMs) return late.map(({ name }) => name);
    await pause(context, POLL_MS);
  }
}
