/**
 * The end of a failed rollout, as `onFailure` says: its new members go and the old ones return, or everything stays as it is, or what
 * has passed stays beside what is left of the old members.
 */
import { UnikernelError, errorMessage, formatErrorSentences } from "../../base/errors";
import type { InstanceItem } from "../../contract/models";
import { switchRotation } from "../act";
import type { RolloutState } from "../members/assess";
import { type CapturedMember, restorable } from "./captured";
import type { END_PHASES } from "../events";
import { deleteInstances, listInstances } from "../members/instances";
import type { FailureAction } from "../policy";
import { hasPassed, isServing } from "../members/readiness";
import type { RolloutReport } from "../report";
import { countOf } from "../../base/formatNumber";
import { type RunRollout, isWithdrawn, rollBack } from "./rollback";
import type { Rollout } from "../rolloutRequest";
import { describeStop } from "../waiting";

/** What the loop of the rollout lends to its end. */
export interface FailureHooks {
  readonly run: RunRollout;
  readonly report: Pick<RolloutReport, "emit" | "switched" | "rollingBack">;
}

/** How a rollout ended that is not done. */
export interface FailedEnd {
  readonly phase: Exclude<(typeof END_PHASES)[number], "done">;
  /** What is left, or who stopped it. */
  readonly detail: string;
  /** To be thrown. */
  readonly error: unknown;
}

/** What happened to the members, and what to do now. */
interface Ending {
  readonly summary: string;
  readonly hint: string;
  readonly isRolledBack?: boolean;
}

const RESUME_HINT = "Fix the cause and rerun 'pulumi up'; the rollout resumes.";

/** The action to take: an action that is impossible becomes another one, with the reason. */
function actionFor({ policy, captured, cannotRollBack }: Rollout): {
  readonly action: FailureAction;
  readonly reason: string;
} {
  if (policy.onFailure !== "rollback" || captured === undefined) {
    return { action: policy.onFailure === "rollback" ? "keepBoth" : policy.onFailure, reason: "" };
  }
  if (cannotRollBack !== undefined) return { action: "keepBoth", reason: `${cannotRollBack} ` };
  if (captured.length === 0) return { action: "keepBoth", reason: "" };
  return restorable(captured).length > 0
    ? { action: "rollback", reason: "" }
    : {
        action: "pause",
        reason: "There is nothing to roll back to: every replica was broken before. Everything stays as it is. ",
      };
}

/**
 * Ends a failed rollout. Returns with the error to throw: `ROLLOUT_FAILED`, which counts the members and has the cause; with
 * `details.rolledBack` after a complete rollback. A rollout that was stopped, cancelled or rejected changes nothing more.
 *
 * @param hooks.run runs the rollback
 */
export async function endFailedRollout(
  rollout: Rollout,
  state: RolloutState,
  error: unknown,
  hooks: FailureHooks,
): Promise<FailedEnd> {
  const stop = describeStop(error, rollout.signal);
  if (stop !== undefined) return { phase: "stopped", detail: stop, error };
  const { action, reason } = actionFor(rollout);
  const { summary, hint, isRolledBack } = await ENDINGS[action](rollout, state, hooks).catch(
    (cleanupError: unknown): Ending => ({
      summary: `Cleaning up failed too: ${errorMessage(cleanupError)}`,
      hint: RESUME_HINT,
    }),
  );
  const causeText = UnikernelError.is(error) ? formatErrorSentences(error) : String(error);
  const failed = new UnikernelError(
    "ROLLOUT_FAILED",
    `The rollout of service '${rollout.service.name}' failed${isRolledBack === true ? " and was rolled back" : ""}. ${reason}${summary} Cause: ${causeText}`,
    { hint, cause: error, details: { rolledBack: isRolledBack === true } },
  );
  return { phase: isRolledBack === true ? "rolledBack" : "failed", detail: `${reason}${summary}`, error: failed };
}

const ENDINGS: Readonly<
  Record<FailureAction, (rollout: Rollout, state: RolloutState, hooks: FailureHooks) => Promise<Ending>>
> = {
  keepBoth: removeUnproven,
  pause: describeMembers,
  rollback: restoreMembers,
};

/** Gives old members that a cut-over has withdrawn their connections back, and removes the new members that have not passed. */
async function removeUnproven(rollout: Rollout, state: RolloutState, { report }: FailureHooks): Promise<Ending> {
  const context = rollout.cleanup?.() ?? rollout;
  const instances = await listInstances(context, rollout.service, rollout.isManaged, state.launched);
  const withdrawn = instances.filter((one) => isWithdrawn(one) && !rollout.isNew(one)).map(({ uuid }) => uuid);
  if (withdrawn.length > 0) {
    await switchRotation({ ...rollout, ...context }, withdrawn, []);
    report.switched(withdrawn, []);
  }
  const isProven = (one: InstanceItem): boolean => state.proven.has(one.uuid) && hasPassed(rollout.policy, one);
  const kept = instances
    .filter((one) => !state.launched.has(one.uuid) || isProven(one))
    .map((one) => (withdrawn.includes(one.uuid) ? { ...one, rotation: "in" as const } : one));
  const unproven = [...state.launched].filter((uuid) => kept.every((instance) => instance.uuid !== uuid));
  await deleteInstances(context.client, unproven);
  for (const uuid of unproven) report.emit("removed", uuid);
  return {
    summary: `${countOf(unproven.length, "new replica")} removed; ${servingCounts(rollout, kept)}`,
    hint: RESUME_HINT,
  };
}

/** `2 old replicas still serving.` or `2 old replicas and 1 new replica still serving.` */
function servingCounts(rollout: Rollout, instances: readonly InstanceItem[]): string {
  const serving = instances.filter((one) => isServing(rollout.policy, one));
  const newCount = serving.filter(rollout.isNew).length;
  const old = countOf(serving.length - newCount, "old replica");
  return `${newCount === 0 ? old : `${old} and ${countOf(newCount, "new replica")}`} still serving.`;
}

/** Leaves everything as it is. */
async function describeMembers(rollout: Rollout, state: RolloutState): Promise<Ending> {
  const context = rollout.cleanup?.() ?? rollout;
  const instances = await listInstances(context, rollout.service, rollout.isManaged, state.launched);
  return {
    summary: `It is paused: ${countOf(instances.length, "replica")} left, ${servingCounts(rollout, instances)}`,
    hint: "Fix the cause and rerun 'pulumi up' to finish the rollout, or revert the program and rerun it to undo it.",
  };
}

/** Removes the new members that have not passed, then rolls the others back. */
async function restoreMembers(rollout: Rollout, state: RolloutState, hooks: FailureHooks): Promise<Ending> {
  const members: readonly CapturedMember[] = restorable(rollout.captured ?? []);
  hooks.report.rollingBack(members.length);
  try {
    await removeUnproven(rollout, state, hooks);
    const restored = await rollBack(rollout, members, hooks.run);
    return {
      summary: `${countOf(restored.length, "old replica")} serving as before.`,
      hint: "Fix the cause and rerun 'pulumi up', or revert the program: then nothing is left to do.",
      isRolledBack: true,
    };
  } catch (error) {
    return {
      summary: `Rolling back failed too: ${UnikernelError.is(error) ? formatErrorSentences(error) : String(error)}`,
      hint: "Rerun 'pulumi up' to finish the rollout, or revert the program and rerun it to undo it.",
    };
  }
}
