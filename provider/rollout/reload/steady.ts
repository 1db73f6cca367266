/** Whether a member still passes its gate after a reload. */
import type { CallContext } from "../../client/callContext";
import { callOptions } from "../../client/callContext";
import { onlyItem } from "../../client/client";
import type { InstanceItem } from "../../contract/models";
import { readinessProblem } from "../../contract/readiness/evaluate";
import { type ProbeProgress, afterAttempt, notProbed, probeSettings } from "../../contract/readiness/progress";
import { readinessOf } from "../members/readiness";
import type { ReloadPolicy } from "./request";
import { askMember } from "./send";
import { type Waiting, pause, steadyTime } from "../waiting";

const POLL_MS = 200;

/** Reads a member. Throws as the client does. */
export const readMember = async (context: CallContext, uuid: string): Promise<InstanceItem> =>
  onlyItem(
    await context.client.getInstances({ query: { uuid: [uuid] } }, callOptions(context)),
    `Reading instance '${uuid}'`,
  );

/**
 * Waits until the member passes its gate and has been ready for `stableForMs` since. Returns why it does not, as a clause.
 * Throws the client's errors, and `ROLLOUT_STOPPED`.
 *
 * @param before the member before the reload
 * @param canAsk the metro sends requests to single members: the gate is asked again, not only what it found earlier
 */
export async function untilSteady(
  context: Waiting,
  before: InstanceItem,
  { gate, healthyWithinMs, stableForMs, ...policy }: ReloadPolicy,
  canAsk: boolean,
): Promise<string | undefined> {
  const now = steadyTime(context.clock);
  const assess = readinessOf(policy);
  const http = canAsk ? gate?.http : undefined;
  const settings = probeSettings(gate ?? {});
  const beganMs = now();
  let progress: ProbeProgress = notProbed();
  let sinceMs: number | undefined;
  for (;;) {
    const member = await readMember(context, before.uuid);
    if ((member.restart_count ?? 0) > (before.restart_count ?? 0)) return "it restarted after its reload";
    const readiness = assess(member);
    // One that is stopping may be on its way to standby.
    if (readiness.outcome === "failed" && member.state !== "stopping") return readiness.reason;
    let reason = readiness.outcome === "met" ? undefined : readiness.reason;
    if (reason === undefined && http !== undefined && progress.state !== "passed") {
      const answer = await askMember(context, member, http, settings.timeoutMs);
      const problem = "problem" in answer ? `it ${answer.problem}` : readinessProblem(answer, http);
      progress = afterAttempt(progress, problem, now() - beganMs, settings);
      if (progress.state === "failed") return `it does not pass its gate any more: ${problem ?? ""}`;
      if (progress.state !== "passed") reason = problem ?? "its gate has not passed often enough yet";
    }
    if (reason === undefined) {
      sinceMs ??= now();
      if (now() - sinceMs >= stableForMs) return undefined;
    } else {
      sinceMs = undefined;
      if (now() - beganMs > healthyWithinMs) return `it does not pass its gate any more: ${reason}`;
    }
    const intervalMs = Math.min(settings.intervalMs, Math.max(POLL_MS, beganMs + healthyWithinMs - now()));
    await pause(context, reason !== undefined && http !== undefined ? intervalMs : POLL_MS);
  }
}
