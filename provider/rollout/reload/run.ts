/**
 * Makes the members of a service load their configuration again: each by its own request, or all by one. A member that has done so
 * is marked at once, so that a reload which fails or is killed continues with the others. It loses its mark before the request: from
 * then on nobody knows which configuration it has, also if the program is reverted.
 */
import { UnikernelError, errorMessage } from "../../base/errors";
import type { CallContext } from "../../client/callContext";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import type { EventFacts, RolloutEvent, RolloutPhase } from "../events";
import { countReplicas } from "../progress/describe";
import { digestOf } from "../report";
import type { ReloadPolicy } from "./request";
import { type Refusal, askMember, askService, untilAccepted } from "./send";
import { readMember, untilSteady } from "./steady";
import { type StopCheck, describeStop } from "../waiting";
import { wakeMembers } from "./wake";

/** What to reload. */
export interface Reload extends CallContext {
  readonly service: ServiceItem;
  readonly policy: ReloadPolicy;
  /** The metro sends requests to single members. Required for the scope `member`. */
  readonly canAskMembers: boolean;
  /** Number of members of the service; more than are passed if some are reloaded already. */
  readonly total: number;
  /** Removes the marks of members whose configuration is about to change. */
  readonly unmark: (members: readonly InstanceItem[]) => Promise<void>;
  /** Marks members as reloaded. */
  readonly mark: (members: readonly InstanceItem[]) => Promise<void>;
  /** As of a rollout: throws to end the reload before the next request, or while waiting. */
  readonly checkStop: StopCheck;
  readonly onEvent: (event: RolloutEvent) => void;
  /** Receives what a member answered that was not accepted. It may have secrets. */
  readonly onRefusal: (subject: string, refusal: Refusal) => void;
}

/** Why something was not reloaded. */
interface Failure {
  /** Such as `instance 'web-1'`. */
  readonly subject: string;
  /** A clause. */
  readonly reason: string;
}

/**
 * Reloads the members, and reports the start and the end.
 *
 * Throws `OPERATION_FAILED`, which names the first member that failed and counts the others; what `checkStop` throws; or the client's
 * errors.
 */
export async function reloadMembers(reload: Reload, members: readonly InstanceItem[]): Promise<void> {
  const { total, clock, signal } = reload;
  const beganMs = clock.now();
  const report = (phase: RolloutPhase, facts: EventFacts): void =>
    reload.onEvent({ phase, operation: "reload", ...facts, elapsedMs: clock.now() - beganMs });
  report("started", { replicas: total, detail: `${members.length} of ${countReplicas(total)}` });
  try {
    await reloadThese(reload, members, beganMs);
  } catch (error) {
    const stop = describeStop(error, signal);
    report(stop === undefined ? "failed" : "stopped", { detail: stop ?? errorMessage(error) });
    throw error;
  }
  report("done", { ready: total, replicas: total, detail: `${total} of ${total} have the new configuration` });
}

async function reloadThese(reload: Reload, members: readonly InstanceItem[], beganMs: number): Promise<void> {
  const emit = (phase: RolloutPhase, member: InstanceItem, detail?: string): void => {
    const digest = digestOf(member.image);
    const about = { member: member.name, ...(digest === undefined ? {} : { digest }) };
    const elapsedMs = reload.clock.now() - beganMs;
    reload.onEvent({ phase, ...about, ...(detail === undefined ? {} : { detail }), elapsedMs });
  };
  let done = reload.total - members.length;
  const finish = async (finished: readonly InstanceItem[]): Promise<void> => {
    await reload.mark(finished);
    done += finished.length;
    for (const member of finished) emit("reloaded", member, `${done} of ${reload.total}`);
  };
  const failures: Failure[] = [];
  const run = reload.policy.scope === "group" ? reloadTogether : reloadInTurn;
  await run(reload, members, { emit, finish, fail: (failure) => failures.push(failure) });
  const [failure] = failures;
  if (failure === undefined) return;
  const counts = `${done} of ${reload.total} ${reload.total === 1 ? "replica has" : "replicas have"} the new configuration.`;
  throw new UnikernelError(
    "OPERATION_FAILED",
    `Reloading service '${reload.service.name}' failed at ${failure.subject}: ${failure.reason}. ${counts}`,
    { property: "reload", hint: "Fix the cause and rerun 'pulumi up'; it reloads those that are left." },
  );
}

/** How a way to reload reports what it does. */
interface Report {
  readonly emit: (phase: RolloutPhase, member: InstanceItem, detail?: string) => void;
  readonly finish: (members: readonly InstanceItem[]) => Promise<void>;
  readonly fail: (failure: Failure) => void;
}

async function reloadInTurn(
  reload: Reload,
  members: readonly InstanceItem[],
  { emit, finish, fail }: Report,
): Promise<void> {
  const { policy } = reload;
  for (let next = 0; next < members.length; next += policy.batchSize) {
    await reload.checkStop();
    // All of them end before the lock is released, even if one throws.
    const outcomes = await Promise.allSettled(
      members.slice(next, next + policy.batchSize).map(async (listed): Promise<boolean> => {
        emit("reloading", listed);
        const reason = await reloadOne(reload, listed).catch((error: unknown) => {
          if (!UnikernelError.is(error) || reload.signal?.aborted === true) throw error;
          if (UnikernelError.has(error, "ROLLOUT_STOPPED")) throw error;
          return errorMessage(error).replace(/\.$/, "");
        });
        if (reason === undefined) await finish([listed]);
        else {
          emit("failed", listed, reason);
          fail({ subject: `instance '${listed.name}'`, reason });
        }
        return reason === undefined;
      }),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    if (outcomes.some((outcome) => outcome.status === "fulfilled" && !outcome.value)) return;
  }
}

/** Why the member was not reloaded; `undefined` if it was. */
async function reloadOne(reload: Reload, listed: InstanceItem): Promise<string | undefined> {
  const { policy } = reload;
  const member = await readMember(reload, listed.uuid);
  await reload.unmark([listed]);
  const refusal = await untilAccepted(reload, policy.request, policy.healthyWithinMs, (timeoutMs) =>
    askMember(reload, member, policy.request, timeoutMs),
  );
  if (refusal === undefined) return untilSteady(reload, member, policy, true);
  reload.onRefusal(`Instance '${member.name}'`, refusal);
  return describeRefusal(refusal);
}

async function reloadTogether(
  reload: Reload,
  members: readonly InstanceItem[],
  { emit, finish, fail }: Report,
): Promise<void> {
  const { policy, service, canAskMembers } = reload;
  await reload.checkStop();
  const failAll = (failure: Failure): void => {
    for (const member of members) emit("failed", member, failure.reason);
    fail(failure);
  };
  for (const member of members) emit("reloading", member);
  const uuids = members.map(({ uuid }) => uuid);
  const late = await wakeMembers(reload, uuids, policy, policy.healthyWithinMs);
  if (late.length > 0)
    return failAll({ subject: `instance '${late[0] ?? ""}'`, reason: "it was not ready for the request in time" });
  const before = await Promise.all(uuids.map((uuid) => readMember(reload, uuid)));
  await reload.unmark(members);
  const refusal = await untilAccepted(reload, policy.request, policy.healthyWithinMs, (timeoutMs) =>
    askService(reload, service, policy.request, timeoutMs),
  );
  if (refusal !== undefined) {
    reload.onRefusal(`Service '${service.name}'`, refusal);
    return failAll({ subject: "the request through the service", reason: describeRefusal(refusal) });
  }
  const reasons = await Promise.all(before.map((member) => untilSteady(reload, member, policy, canAskMembers)));
  await finish(members.filter((_, index) => reasons[index] === undefined));
  for (const [index, reason] of reasons.entries()) {
    const member = members[index];
    if (member === undefined || reason === undefined) continue;
    emit("failed", member, reason);
    fail({ subject: `instance '${member.name}'`, reason });
  }
}

const describeRefusal = ({ reason, attempts }: Refusal): string =>
  attempts === 1 ? reason : `${reason}, after ${attempts} attempts`;
