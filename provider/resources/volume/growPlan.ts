/** Decides how a volume grows that instances use: a volume grows only while none of them runs. Pure. */
import type { InstanceItem } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import { instanceList } from "../common/reference";
import { findMark } from "../common/ownershipMark";

/** What is known of a growth. */
export interface GrowthRequest {
  /** Name of the volume. */
  readonly volume: string;
  /** The instances that the volume is attached to. */
  readonly users: readonly InstanceItem[];
  /** The input `allowRestart`. */
  readonly allowRestart: boolean;
  /** The stack whose instances may be restarted; undefined where it is not known, which allows none. */
  readonly stackHash: string | undefined;
}

/** True if the instance has the volume mounted, or may mount it at any time. */
export const isUsing = ({ state, restart, snapshot }: InstanceItem): boolean =>
  state !== "deleted" &&
  state !== "template" &&
  state !== "checkpoint" &&
  // A suspended VM still has the disk open; a crashed one is about to start again.
  (state !== "stopped" || (restart ?? undefined) !== undefined || isSuspended({ state, snapshot }));

const isSuspended = ({ state, snapshot }: Pick<InstanceItem, "state" | "snapshot">): boolean =>
  state === "stopped" && (snapshot ?? undefined) !== undefined;

/** True if the instance carries the mark of the stack. */
export const isOfStack = ({ tags }: InstanceItem, stackHash: string | undefined): boolean =>
  stackHash !== undefined && findMark(tags)?.stackHash === stackHash;

/** What to do about a change that is possible only while nobody uses the volume. */
export const remountHint = (users: string): string =>
  `Remove it from the volumes of ${users} and run 'pulumi up'; then make this change, and mount it again.`;

const inUseError = (volume: string, who: readonly InstanceItem[], why: string, hint: string): UnikernelError =>
  new UnikernelError(
    "IN_USE",
    `Volume '${volume}' cannot grow while ${instanceList(who)} ${who.length === 1 ? "uses" : "use"} it${why}.`,
    { property: "sizeMb", hint },
  );

/**
 * The instances to stop before the growth and to start after it; empty if none uses the volume.
 *
 * Throws `IN_USE` if one of them must not be restarted.
 */
export function planRestarts({ volume, users, allowRestart, stackHash }: GrowthRequest): readonly InstanceItem[] {
  const using = users.filter(isUsing);
  const unmanaged = using.filter((instance) => !isOfStack(instance, stackHash));
  if (unmanaged.length > 0) {
    throw inUseError(volume, unmanaged, ", which this stack does not manage", remountHint(instanceList(unmanaged)));
  }
  const deletedOnStop = using.filter(({ features }) => features?.includes("delete-on-stop") === true);
  if (deletedOnStop.length > 0) {
    const hint = "Make this change when it has ended, or delete it first.";
    throw inUseError(volume, deletedOnStop, " and would be deleted by a stop", hint);
  }
  const suspended = using.filter(isSuspended);
  if (suspended.length > 0) {
    throw inUseError(volume, suspended, " and is suspended", "Resume it first, so that it can shut down cleanly.");
  }
  if (using.length > 0 && !allowRestart) {
    const [which, them] = using.length === 1 ? [instanceList(using), "it"] : ["these instances", "them"];
    const hint = `Set allowRestart: true on the volume to let the update stop ${which}, grow the volume and start ${them} again.`;
    throw inUseError(volume, using, "", hint);
  }
  return using;
}

/** The instances that an update which was killed stopped, and must be started. */
export const planResumedStarts = (
  users: readonly InstanceItem[],
  stackHash: string | undefined,
): readonly InstanceItem[] =>
  users.filter((instance) => instance.state === "stopped" && !isUsing(instance) && isOfStack(instance, stackHash));

/** What a preview says about the restarts; undefined without any. */
export const describeRestarts = (restarts: readonly InstanceItem[]): string | undefined =>
  restarts.length === 0
    ? undefined
    : `the update stops ${instanceList(restarts)} before it grows the volume, and starts ${restarts.length === 1 ? "it" : "them"} afterwards.`;
