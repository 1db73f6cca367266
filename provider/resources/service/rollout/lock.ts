/** The lock of one operation's rollout: taken when something is about to change, and released at its end. */
import type { ServiceItem } from "../../../contract/models";
import { errorMessage } from "../../../base/errors";
import { stackNameIn } from "../../../definition/identity";
import { type RolloutLock, acquireLock, removeAbandonedLock } from "../../../rollout/lock/lock";
import { deleteLock, findLock } from "../../../rollout/lock/object";
import { cancelledRolloutError } from "../../../rollout/lock/holder";
import { type ProviderContext, forCleanup } from "../../context";

/** A lock outlives its rollout by this time at most. */
const LIFETIME_MARGIN_MS = 60_000;
/** While a rollout waits, its lock is read this often. */
const WAITING_CHECK_MS = 2_000;

/** The stop check of a rollout. */
export interface StopCheck {
  /**
   * Takes the lock, unless this operation has it. Call it before the first change. Throws `ROLLOUT_LOCKED` while another process
   * rolls the service out.
   */
  readonly lock: () => Promise<void>;
  /**
   * Call it before each change, with `true` while waiting. Takes the lock before a change that nobody expected. Throws `ROLLOUT_STOPPED` if
   * somebody removed it, or the user asked for an end.
   */
  readonly check: (isWaiting?: boolean) => Promise<void>;
}

/**
 * Runs an operation that may roll a service out. The lock is released at its end, also after a failure.
 *
 * @param options.limitMs time limit of the operation: if its process is killed, the metro removes the lock a minute after it
 * @param options.isShared false for a service that nobody else knows yet, which needs no lock
 */
export async function withRolloutLock<T>(
  context: ProviderContext,
  service: ServiceItem,
  { limitMs, isShared }: { readonly limitMs: number; readonly isShared: boolean },
  operation: (stop: StopCheck) => Promise<T>,
): Promise<T> {
  const requester = { stackName: stackNameIn(context.urn ?? ""), stackHash: context.ownership?.stackHash };
  let held: RolloutLock | undefined;
  let checkedAtMs = -Infinity;
  const assertWanted = (): void => {
    if (context.stopRequest?.aborted === true) throw cancelledRolloutError(service);
  };
  const lock = async (): Promise<void> => {
    assertWanted();
    if (!isShared) return;
    held ??= await acquireLock(context, service, { ...requester, lifetimeMs: limitMs + LIFETIME_MARGIN_MS });
  };
  const check = async (isWaiting = false): Promise<void> => {
    assertWanted();
    const nowMs = context.clock.now();
    if (isWaiting && (held === undefined || nowMs - checkedAtMs < WAITING_CHECK_MS)) return;
    checkedAtMs = nowMs;
    await (held === undefined ? lock() : held.assertHeld(context));
  };
  try {
    const result = await operation({ lock, check });
    // A killed rollout may have left nothing to do but its lock.
    if (held === undefined && isShared) await removeAbandonedLock(context, service, requester);
    return result;
  } finally {
    await held?.release(forCleanup(context)).catch((error: unknown) => {
      context.printWarning(
        `The lock of service '${service.name}' could not be removed: ${errorMessage(error)} The next update of this stack removes it.`,
      );
    });
  }
}

/** Removes the lock of a service that is deleted, which ends a rollout of it and clears up after a killed one. */
export async function breakRolloutLock(context: ProviderContext, service: ServiceItem): Promise<void> {
  const lock = await findLock(context, service);
  if (lock !== undefined) await deleteLock(context, service, lock.uuid);
}
