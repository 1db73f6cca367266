/** What the planner sees of a member of the service, and what it may do next. */

/** What a member does. */
export type MemberPhase =
  /** Started, and not ready for long enough yet. It may be waking, with connections that wait for it. */
  | "starting"
  | "ready"
  /** In standby, or waking after it passed its gate: the first connection wakes it. It counts as ready. */
  | "asleep"
  /** An old member that runs and is not ready, and has not been for a while. */
  | "unready"
  /** Was told to stop, and open connections or its guest take time. */
  | "draining"
  /** Was told to stop, and did not in time. */
  | "stuck"
  | "down"
  /** A new member that this rollout started, and that stopped or was not ready in time. */
  | "failed";

/** A member of the service. */
export interface Member {
  readonly uuid: string;
  /** `new`: made from the current template. `retired`: kept by an earlier `blueGreen` rollout; nobody counts it as a replica. */
  readonly generation: "old" | "new" | "retired";
  readonly phase: MemberPhase;
  /** The service sends it connections once it is ready. */
  readonly inRotation: boolean;
}

type Uuids = readonly string[];

/** The next step. */
export type RolloutStep =
  | { readonly action: "launch"; readonly count: number; readonly rotation: "in" | "out" }
  /** One request: these members get connections from now on, and those none. */
  | { readonly action: "switch"; readonly admit: Uuids; readonly withdraw: Uuids }
  /** Accept no new connections, wait for open ones, and stop. The step ends when the request is accepted. */
  | { readonly action: "drain"; readonly uuids: Uuids }
  /** Stop at once: it did not stop in time. */
  | { readonly action: "forceStop"; readonly uuids: Uuids }
  /** Stop as `drain` does, and leave it to the platform to delete them later. */
  | { readonly action: "retire"; readonly uuids: Uuids }
  /** Delete members that do not run. */
  | { readonly action: "remove"; readonly uuids: Uuids }
  /** Give stopped members the current template, and start them. */
  | { readonly action: "restart"; readonly uuids: Uuids }
  /** A new member failed. */
  | { readonly action: "fail"; readonly uuids: Uuids }
  /** A step of `canary` is complete; the next one begins at this time. */
  | { readonly action: "pause"; readonly untilMs: number; readonly count: number }
  | { readonly action: "wait" }
  | { readonly action: "done" };

/** The uuids of members. */
export const uuidsOf = (members: readonly Member[]): Uuids => members.map(({ uuid }) => uuid);

/** True if the member passed its gate and is up or wakes by itself. */
export const isReady = ({ phase }: Pick<Member, "phase">): boolean => phase === "ready" || phase === "asleep";

/** True if clients can use the member. */
export const isAvailable = (member: Member): boolean => member.inRotation && isReady(member);

/** True unless the member is stopped or about to be. */
export const isUp = ({ phase }: Member): boolean => !["draining", "stuck", "down", "failed"].includes(phase);

/** True if the member is neither ready nor about to become ready. */
export const isIdle = (member: Member): boolean => !isAvailable(member) && member.phase !== "starting";

const COSTS: readonly ((member: Member) => boolean)[] = [
  isIdle,
  (one) => !isAvailable(one),
  ({ phase }) => phase === "asleep",
];

/** The members, those first whose end costs clients least. */
export const cheapestFirst = (members: readonly Member[]): readonly Member[] => {
  const costOf = (member: Member): number => {
    const index = COSTS.findIndex((applies) => applies(member));
    return index === -1 ? COSTS.length : index;
  };
  return members.toSorted((a, b) => costOf(a) - costOf(b));
};
