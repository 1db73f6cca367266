/** What a rollout reports while it runs. */
import type { RolloutStrategy } from "./policy";

/**
 * Phases of a rollout or of one of its members, with their meaning for users. Each rollout that changes something begins with `started`
 * and ends with exactly one of {@link END_PHASES}.
 */
export const ROLLOUT_PHASES = {
  started: "The rollout begins. `operation` says what it does.",
  launched: "The replica was created.",
  restarting: "The stopped replica gets the changed template and starts (`inPlace`).",
  waiting:
    "The replica is not ready yet, or has not stopped yet; `detail` says why. Reported at the first attempt of the gate that fails, then every 30 s.",
  admitted: "The replica gets connections from now on. Without `replica`: the domains lead elsewhere.",
  ready: "The replica passed its gate and stayed ready for `stableForMs`. With `blueGreen`, it gets connections later.",
  draining: "The replica gets no new connections, and finishes the open ones.",
  drained: "The replica has stopped. `detail` says what became of its connections.",
  kept: "The replica stays, stopped, for `keepOldForMs`.",
  removed: "The replica was deleted.",
  reloading: "The replica is told to load its configuration.",
  reloaded: "The replica has loaded its configuration.",
  paused: "The pause after a step of `canary` begins.",
  resumed: "The pause is over, and the next step begins.",
  rollingBack: "A replica failed; those of before are being restored.",
  failed: "With `replica`: it failed. Without: the rollout failed; `detail` says what is left.",
  rolledBack: "The rollout failed, and the replicas are those of before.",
  stopped:
    "The rollout was stopped by Ctrl-C or `unikernel roll stop`, or has lost its lock. The replicas stay as they are.",
  done: "The rollout is complete.",
} as const;

/** Phase of a rollout or of one of its members. */
export type RolloutPhase = keyof typeof ROLLOUT_PHASES;

/** The phases that end a rollout, in an event without a member. */
export const END_PHASES = ["done", "failed", "rolledBack", "stopped"] as const satisfies readonly RolloutPhase[];

/** What a rollout does: replace replicas, only change their number, or let them load their configuration. */
export type RolloutOperation = "rollout" | "scaling" | "reload";

/** One event. It never has a secret. */
export interface RolloutEvent {
  readonly phase: RolloutPhase;
  /** Name of the member; `undefined` for an event of the rollout as a whole. */
  readonly member?: string;
  /** Digest of the image that the member runs; `undefined` if it is not known. */
  readonly digest?: string;
  /** In events of the rollout as a whole. */
  readonly operation?: RolloutOperation;
  /** In `started`. */
  readonly strategy?: RolloutStrategy;
  /** In `started`, `ready`, `rollingBack` and `done`: the number of replicas to reach. */
  readonly replicas?: number;
  /** In `ready` and `done`: how many new replicas are ready. */
  readonly ready?: number;
  /** In `paused` and `resumed`: the step of `canary`, from 1; one more than `steps` is the rest. */
  readonly step?: number;
  readonly steps?: number;
  /** In `waiting`: failed attempts of the gate since the start. */
  readonly attempts?: number;
  /** A clause with counts, a reason or a limit. */
  readonly detail?: string;
  /** Time since the start of the rollout. Milliseconds. */
  readonly elapsedMs: number;
}

/** What an event says beside its phase, its member and its time. */
export type EventFacts = Omit<RolloutEvent, "phase" | "member" | "digest" | "elapsedMs">;
