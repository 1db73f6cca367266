/** What a rollout reports while it runs. */

/** Phase of a rollout or of one of its members. */
export type RolloutPhase =
  | "started"
  | "gate"
  | "launched"
  | "ready"
  | "admitted"
  | "draining"
  | "drained"
  | "restarting"
  | "reloading"
  | "reloaded"
  | "removed"
  | "paused"
  | "rollingBack"
  | "failed"
  | "done";

/** One event. It never has a secret. */
export interface RolloutEvent {
  readonly phase: RolloutPhase;
  /** Name of the member; `undefined` for an event of the rollout as a whole. */
  readonly member?: string;
  /** Digest of the image that the member runs; `undefined` if it is not known. */
  readonly digest?: string;
  /** A clause with counts, a reason or a limit. */
  readonly detail?: string;
  /** Time since the start of the rollout. Milliseconds. */
  readonly elapsedMs: number;
}
