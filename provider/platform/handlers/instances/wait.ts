/** Waits for instance states, and the response to a wait that timed out. */
import type { FailedItem } from "../../errors";
import { ITEM_CODES } from "../../../contract/codes";
import type { InstanceState } from "../../../contract/models";
import type { Instance } from "../../instances/instance";
import type { Registry } from "../../registry";
import { withTimeout } from "../../../base/timeout";

/** Envelope message of a wait that timed out. Clients compare it. */
const TIMED_OUT_MESSAGE = "Operation timed out";

/** Longest wait in milliseconds; a timeout of -1 means this one. */
const MAX_WAIT_MS = 24 * 60 * 60 * 1000;

const waitTimeoutMs = (timeoutS: number): number =>
  timeoutS < 0 ? MAX_WAIT_MS : Math.min(timeoutS * 1000, MAX_WAIT_MS);

/** How a wait ended. */
export type WaitOutcome = "met" | "timed-out" | "gone";

/** Waits until `met` is true or the instance is gone, up to the timeout (0: checks once). */
export async function waitForState(
  registry: Registry,
  instance: Instance,
  met: (instance: Instance) => boolean,
  timeoutS: number,
  signal: AbortSignal,
): Promise<WaitOutcome> {
  const isGone = (): boolean => registry.instances.get(instance.record.uuid) !== instance;
  const isOver = (): boolean => isGone() || met(instance);
  const done =
    timeoutS === 0
      ? isOver()
      : await withTimeout(waitTimeoutMs(timeoutS), signal, (limited) => registry.changes.waitUntil(isOver, limited));
  if (isGone()) return "gone";
  return done ? "met" : "timed-out";
}

/** True if the instance is in the requested state. Standby counts as running. */
export const isInState =
  (wanted: InstanceState) =>
  (instance: Instance): boolean =>
    instance.state === wanted || (wanted === "running" && instance.state === "standby");

/** True once the instance is up, or down without a pending restart: what a create or start with a timeout waits for. */
export const isSettled = (instance: Instance): boolean => isInState("running")(instance) || instance.isDown;

/** Never true: for waits that end when the instance is gone. */
export const neverMet = (): boolean => false;

/** The item of a wait that timed out: the current state, and no error code. */
export const timedOutItem = ({ record, state }: Instance): FailedItem => ({
  status: "error",
  uuid: record.uuid,
  name: record.name,
  state,
});

/** Adds {@link TIMED_OUT_MESSAGE} to a response if one of its waits timed out. */
export const withTimeoutMessage = <T extends object>(
  items: readonly T[],
): { items: readonly T[]; message?: string } => ({
  items,
  ...(items.some(isTimedOut) ? { message: TIMED_OUT_MESSAGE } : {}),
});

/** True for an item of {@link timedOutItem}. */
const isTimedOut = (item: object): boolean => "status" in item && item.status === "error" && !("error" in item);

/** The item of an instance that was deleted during the wait. */
export const notFoundItem = ({ record }: Instance): FailedItem => ({
  status: "error",
  uuid: record.uuid,
  name: record.name,
  error: ITEM_CODES.NotFound,
  message: `No instance with uuid '${record.uuid}'`,
});
