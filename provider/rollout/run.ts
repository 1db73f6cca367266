/**
 * Runs a rollout: observe, plan and act until it is done or has failed.
 *
 * A failed rollout ends as `onFailure` says; see `failure/failure.ts`. Running it again resumes from the current instances.
 */
import type { InstanceItem } from "../contract/models";
import { UnikernelError } from "../base/errors";
import { launchMember, removeMembers, restartMember, retireMembers, stopMembers, switchRotation } from "./act";
import { type RolloutState, assessInstances, createRolloutState } from "./members/assess";
import { type FailedEnd, endFailedRollout } from "./failure/failure";
import { memberFailure } from "./failure/memberFailure";
import { listInstances } from "./members/instances";
import { NO_MEMORY } from "./plan/canary";
import { record, withIssued } from "./plan/issued";
import type { Member, RolloutStep } from "./plan/member";
import { nextStep } from "./plan/nextStep";
import { describeKept } from "./progress/describe";
import { RolloutReport } from "./report";
import type { Rollout } from "./rolloutRequest";

/** Pause between two observations: short after a step, growing while nothing changes. */
const MIN_INTERVAL_MS = 50;
const MAX_INTERVAL_MS = 500;
const DRAIN_WAIT_S = 1;

/**
 * Rolls the service out to `policy.desired` new instances and returns them.
 *
 * Throws `ROLLOUT_FAILED` (old instances keep serving), with the cause, such as the API's error for a launch; `ROLLOUT_STOPPED` and
 * `ROLLOUT_LOCKED` of {@link Rollout.checkStop}.
 */
export async function runRollout(rollout: Rollout): Promise<readonly InstanceItem[]> {
  const report = new RolloutReport(rollout);
  try {
    const outcome = await rollOrEnd(rollout, report);
    if ("instances" in outcome) {
      report.done(outcome.instances.length);
      return outcome.instances;
    }
    report.emit(outcome.phase, undefined, { detail: outcome.detail });
    throw outcome.error;
  } finally {
    await report.close();
  }
}

/** Rolls out or ends as the policy says. A rollback is a part of the rollout that failed: it has the same report, and no end of its own. */
async function rollOrEnd(
  rollout: Rollout,
  report: RolloutReport,
): Promise<{ readonly instances: readonly InstanceItem[] } | FailedEnd> {
  const state = createRolloutState(rollout.clock);
  try {
    return { instances: await roll(rollout, state, report) };
  } catch (error) {
    report.start([]); // unless it has
    const run = async (back: Rollout): Promise<readonly InstanceItem[]> => {
      const outcome = await rollOrEnd(back, report);
      if ("instances" in outcome) return outcome.instances;
      throw outcome.error;
    };
    return endFailedRollout(rollout, state, error, { run, report });
  }
}

async function roll(rollout: Rollout, state: RolloutState, report: RolloutReport): Promise<readonly InstanceItem[]> {
  const { clock, policy, service, signal } = rollout;
  const isMember = (instance: InstanceItem) => rollout.isManaged(instance) || rollout.isRetired?.(instance) === true;
  let memory = NO_MEMORY;
  let intervalMs = MIN_INTERVAL_MS;
  let hasCandidate = rollout.features?.has("readiness-probe") === true || policy.gate === undefined;
  for (;;) {
    signal?.throwIfAborted();
    const instances = await listInstances(rollout, service, isMember, state.launched);
    for (const { uuid, name, image } of instances) report.know(uuid, name, image);
    const assessed = assessInstances(rollout, instances, state);
    const members = withIssued(assessed, state.issued);
    const nowMs = state.now();
    const plan = nextStep(members, policy, memory, nowMs);
    memory = plan.memory;
    const { step } = plan;
    if (!report.isQuiet(step, assessed)) {
      report.start(members);
      await report.observe(members, assessed);
    }
    if (step.action === "done")
      return instances.filter((instance) => rollout.isNew(instance) && rollout.isRetired?.(instance) !== true);
    if (step.action === "fail") throw await memberFailure(rollout, instances, assessed, step.uuids[0] ?? "");

    const isWaiting = step.action === "wait" || step.action === "pause";
    await rollout.checkStop?.(isWaiting);
    report.step(step, nowMs);
    if (isWaiting) {
      const didWait = intervalMs === MIN_INTERVAL_MS && (await waitForDrain(rollout, members));
      if (!didWait) await clock.sleep(intervalMs, signal);
      intervalMs = Math.min(intervalMs * 1.5, MAX_INTERVAL_MS);
      continue;
    }
    if (step.action === "launch" || step.action === "restart") {
      if (!hasCandidate) await rollout.passCandidate?.();
      hasCandidate = true;
      await rollout.beforeLaunch?.();
      // Both may have taken minutes.
      if (rollout.passCandidate !== undefined || rollout.beforeLaunch !== undefined) await rollout.checkStop?.();
    }
    await act(rollout, step, instances, { state, report });
    record(state.issued, step, assessed);
    intervalMs = MIN_INTERVAL_MS;
  }
}

/** Lets the metro wait while members drain and nothing else happens, once after a step: it notices the end at once. */
async function waitForDrain({ client, signal }: Rollout, members: readonly Member[]): Promise<boolean> {
  const uuids = members.filter(({ phase }) => phase === "draining").map(({ uuid }) => uuid);
  if (uuids.length === 0 || members.some(({ phase }) => phase === "starting")) return false;
  const query = { uuid: uuids, state: ["stopped" as const], timeout_s: [DRAIN_WAIT_S] };
  await client.waitInstances(
    { query },
    { ...(signal === undefined ? {} : { signal }), serverWaitMs: DRAIN_WAIT_S * 1000 },
  );
  return true;
}

/** Carries out a step that changes something. */
async function act(
  rollout: Rollout,
  step: RolloutStep,
  instances: readonly InstanceItem[],
  { state, report }: { readonly state: RolloutState; readonly report: RolloutReport },
): Promise<void> {
  const chosen = "uuids" in step ? instances.filter(({ uuid }) => step.uuids.includes(uuid)) : [];
  switch (step.action) {
    case "launch":
      if (step.rotation === "out") assertCanSwitch(rollout);
      for (let i = 0; i < step.count; i++) {
        const { uuid, request } = await launchMember(rollout, step.rotation);
        state.launched.add(uuid);
        report.know(uuid, request.name ?? uuid, request.image);
        report.launched(uuid);
      }
      return;
    case "switch":
      assertCanSwitch(rollout);
      await switchRotation(rollout, step.admit, step.withdraw);
      report.switched(step.admit, step.withdraw);
      return;
    case "drain":
      report.drainBegan(await stopMembers(rollout, chosen, "drain"));
      return;
    case "forceStop":
      await stopMembers(rollout, chosen, "force");
      return;
    case "retire":
      await retireMembers(rollout, chosen);
      for (const uuid of step.uuids) report.emit("kept", uuid, { detail: describeKept(rollout.policy) });
      return;
    case "remove":
      return removeMembers(rollout, step.uuids);
    case "restart":
      await Promise.all(chosen.map((instance) => restartMember(rollout, instance)));
      return;
    default:
      return;
  }
}

/** Throws `NOT_SUPPORTED` where members cannot be kept out of rotation. */
function assertCanSwitch({ client, features, service }: Rollout): void {
  if (features?.has("rotation") === true) return;
  throw new UnikernelError(
    "NOT_SUPPORTED",
    `Service '${service.name}' cannot be rolled out with the strategy 'blueGreen' in metro '${client.metro}', which cannot keep replicas out of rotation.`,
    { hint: "Use the strategy 'rolling' with a 'maxSurge' of 100%." },
  );
}
