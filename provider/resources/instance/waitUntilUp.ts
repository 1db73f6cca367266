/** Waits until an instance that was started is up, as its `waitFor` says. */
import { omitUndefined } from "../../base/objects";
import { UnikernelError } from "../../base/errors";
import type { SecretInputs } from "../../client/errors/consoleExcerpt";
import { type ConditionResult, guestStoppedError, waitForInstance } from "../../client/waitForInstance";
import type { InstanceItem } from "../../contract/models";
import type { ProviderContext } from "../context";
import { printConsole } from "../workload/printConsole";
import { findUnansweredPort } from "./answering";
import { type InstanceInputs, isJob } from "./inputs";
import { takesOver } from "./takeOver";
import { type StartCounts, judgeStart, judgeVanished, toStartExpectation } from "./waitFor";

/** A new instance may be missing for a moment: the API is eventually consistent. */
export const NOT_FOUND_GRACE_MS = 15_000;
/** One that its stop deletes may be gone already; then it is not waited for so long. */
const VANISHED_GRACE_MS = 3_000;

/** The start that is waited for. */
export interface AwaitedStart {
  /** What was started, as it was last seen. */
  readonly item: InstanceItem;
  readonly inputs: InstanceInputs;
  /** What it reported before the start. */
  readonly before: StartCounts;
  /** It was created a moment ago, and may not be readable yet. */
  readonly isNew: boolean;
  /** What it was given in secret, now and before. */
  readonly secretInputs: readonly SecretInputs[];
}

/**
 * The instance, once its start has succeeded; in state `deleted` if it ended and its feature `delete-on-stop` deleted it.
 *
 * Throws `GUEST_STOPPED` (its last console lines are printed first), `OPERATION_FAILED` (it did not pass its gate), `WAIT_TIMEOUT`,
 * `NOT_FOUND`.
 */
export async function waitUntilUp(context: ProviderContext, start: AwaitedStart): Promise<InstanceItem> {
  const { client, clock, signal } = context;
  const { inputs, isNew } = start;
  const expected = toStartExpectation(inputs, start.before);
  let last = start.item;
  let upSince: { readonly atMs: number; readonly restarts: number } | undefined;

  async function judge(item: InstanceItem): Promise<ConditionResult> {
    last = item;
    const verdict = judgeStart(item, expected);
    if (verdict.outcome !== "up") {
      upSince = undefined;
      return verdict;
    }
    // The metro moves the addresses once it has run for stableForMs and passed its gate.
    if (start.item.addresses === "awaited" && item.addresses === undefined) return { outcome: "met" };
    const restarts = item.restart_count ?? 0;
    if (upSince?.restarts !== restarts) upSince = { atMs: clock.now(), restarts };
    const leftMs = upSince.atMs + expected.stableForMs - clock.now();
    if (leftMs > 0) return { outcome: "pending", reason: "it has not run for stableForMs yet", lookAgainMs: leftMs };
    if (item.addresses === "awaited")
      return { outcome: "pending", reason: "its addresses are still those of its predecessor", lookAgainMs: 100 };
    const problem = inputs.waitFor === "answering" ? await findUnansweredPort(context, item) : undefined;
    return problem === undefined ? { outcome: "met" } : { outcome: "pending", reason: problem };
  }

  try {
    const notFoundGraceMs = !isNew ? 0 : expected.isDeletedOnStop ? VANISHED_GRACE_MS : NOT_FOUND_GRACE_MS;
    const item = await waitForInstance(client, last.uuid, judge, {
      notFoundGraceMs,
      clock,
      signal,
      goal: isJob(inputs) ? "had not completed" : "was not ready",
    });
    return expected.isDeletedOnStop && isEnded(item) ? reportVanished(context, item) : item;
  } catch (error) {
    if (UnikernelError.has(error, "NOT_FOUND") && expected.isDeletedOnStop) {
      const verdict = judgeVanished(expected);
      if (verdict.outcome === "met") return reportVanished(context, last);
      throw guestStoppedError(last, verdict.reason, client.metro, "Its console log was deleted with it.");
    }
    // What takes over and fails is deleted, and its console log with it.
    const isLost = takesOver(inputs) && UnikernelError.has(error, "OPERATION_FAILED", "WAIT_TIMEOUT");
    if (isLost || UnikernelError.has(error, "GUEST_STOPPED")) await printConsole(context, last, start.secretInputs);
    throw error;
  }
}

const isEnded = ({ state }: InstanceItem): boolean => state === "stopped" || state === "deleted";

function reportVanished(context: ProviderContext, item: InstanceItem): InstanceItem {
  context.printProgress(
    `Instance '${item.name}' ended and was deleted, as its feature "delete-on-stop" asks; whether it succeeded is not known. To know, remove the feature and set waitFor: "completed".`,
  );
  return omitUndefined({ ...item, state: "deleted" as const });
}
