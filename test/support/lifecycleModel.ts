/**
 * What an instance must do, from the API's documentation and not from the code: the states and transitions of an instance, the restart
 * policy, scale to zero, suspend, `delete-on-stop`, autokill and the lock against deletion. Pure.
 *
 * The model knows what the instance was last told to be, its goal. After a kill it may have two: nobody knows whether the request that was
 * under way counts.
 */
import type { InstanceState } from "../../provider/contract/models";
import type { Outcome } from "./lifecycleWorld";

/** What an instance is on its way to, or has reached. */
export type Goal = "down" | "up" | "suspended" | "frozen" | "gone";

/** What is asked of an instance. */
export type Wish = "start" | "stop" | "force-stop" | "suspend" | "convert-to-template" | "delete";

/** What an instance is like, for its life. */
export interface Nature {
  readonly restartPolicy: "never" | "always" | "on-failure";
  /** `undefined`: it does not scale to zero. */
  readonly sleeps: "memory kept" | "booted anew" | undefined;
  readonly deleteOnStop: boolean;
  /** Deleted this long after a stop; 0 is never. */
  readonly autokillMs: number;
}

/** How a guest ends by itself. */
export type Ending = "success" | "failure";

const ALL: readonly Goal[] = ["down", "up", "suspended", "frozen", "gone"];
const ENDING: readonly Goal[] = ["down", "frozen", "gone"];

/**
 * Every change of state that is allowed, and the goals with which it is. Those to `stopped` are allowed with all where the guest may end
 * by itself.
 */
export const TRANSITIONS: Readonly<Record<InstanceState, Readonly<Partial<Record<InstanceState, readonly Goal[]>>>>> = {
  stopped: { starting: ["up"], running: ["up"], stopping: ENDING, template: ["frozen"], deleted: ["gone"] },
  starting: { running: ["up"], standby: ["up"], stopping: ENDING, stopped: ALL, deleted: ["gone"] },
  running: {
    draining: ["down", "suspended"],
    stopping: [...ENDING, "up"],
    standby: ["up", "suspended"],
    stopped: ALL,
    deleted: ["gone"],
  },
  draining: { stopping: ENDING, standby: ["suspended"], stopped: ALL, deleted: ["gone"] },
  stopping: { stopped: ALL, standby: ["up", "suspended"], deleted: ["gone"] },
  standby: {
    starting: ["up"],
    running: ["up"],
    stopping: ENDING,
    stopped: ALL,
    template: ["frozen"],
    deleted: ["gone"],
  },
  template: { deleted: ["gone"] },
  checkpoint: { deleted: ["gone"] },
  deleted: {},
};

/** What is seen of an instance. */
export interface Seen {
  readonly state: InstanceState;
  readonly vm: "none" | "runs" | "paused";
}

/** True if an instance with this goal and nature may be like that once nothing happens any more. */
export function isAtRest(goal: Goal, { state, vm }: Seen, { sleeps }: Nature): boolean {
  const isAsleep = sleeps !== undefined && state === "standby" && vm !== "runs";
  switch (goal) {
    case "down":
      return state === "stopped" && vm === "none";
    case "up":
      return (state === "running" && vm === "runs") || isAsleep;
    case "suspended":
      return (state === "stopped" && vm !== "runs") || isAsleep;
    case "frozen":
      return (state === "template" || state === "checkpoint") && vm === "none";
    case "gone":
      return state === "deleted" && vm === "none";
  }
}

/** The goals of one instance. */
export class LifecycleModel {
  readonly #nature: Nature;
  #goals: ReadonlySet<Goal>;
  #passed: Set<Goal>;

  constructor(nature: Nature, goal: Goal) {
    this.#nature = nature;
    this.#goals = new Set([goal]);
    this.#passed = new Set([goal]);
  }

  get goals(): ReadonlySet<Goal> {
    return this.#goals;
  }

  /** Every goal that it has had since the last call. */
  takePassed(): ReadonlySet<Goal> {
    const passed = this.#passed;
    this.#passed = new Set(this.#goals);
    return passed;
  }

  /** A request was made. Throws if it must not have had this outcome. */
  afterRequest(wish: Wish, outcome: Outcome): void {
    const before = [...this.goals];
    if (outcome === "denied") {
      const isRefusable = before.some((goal) => goal === "frozen" || goal === "gone");
      if ((wish === "stop" || wish === "force-stop") && !isRefusable) throw new Error(`${wish} was denied`);
      return;
    }
    const after = before.flatMap((goal) => goalAfter(wish, goal));
    if (after.length === 0) throw new Error(`${wish} was ${outcome} on the way to ${before.join(" or ")}`);
    this.#set(outcome === "accepted" ? after : [...before, ...after]);
  }

  /** A start has failed; after a kill, the next daemon may not know, and treats it as the end of its guest. */
  afterFailedStart(isRecorded: boolean): void {
    this.#map((goal) => (goal !== "up" ? [goal] : isRecorded ? ["down"] : ["down", "up"]));
  }

  /** The VM ended by itself. One that is paused takes only its memory with it. */
  afterExit(ending: Ending, wasPaused: boolean): void {
    if (wasPaused) return;
    const { restartPolicy, sleeps } = this.#nature;
    const isRestarted = restartPolicy === "always" || (restartPolicy === "on-failure" && ending === "failure");
    this.#map((goal) => {
      if (goal === "suspended") return ["suspended", "down"];
      if (goal !== "up" || isRestarted) return [goal];
      return sleeps === undefined ? ["down"] : ["down", "up"]; // it may have been about to sleep
    });
  }

  /** The daemon was killed before it could write the last change, because the disk was full: nobody knows of it any more. */
  afterForgetfulKill(): void {
    this.#map((goal) => [goal, "down", "up", "suspended"]);
  }

  /** A client has connected, which wakes a sleeping instance. */
  afterConnect(): void {
    if (this.#nature.sleeps !== undefined) this.#map((goal) => (goal === "suspended" ? ["suspended", "up"] : [goal]));
  }

  /** An instance that is down may be deleted by its own settings, unless it is locked. */
  afterAll(isLocked: boolean): void {
    const { deleteOnStop, autokillMs } = this.#nature;
    if (!isLocked && (deleteOnStop || autokillMs > 0))
      this.#map((goal) => (goal === "down" || goal === "suspended" ? [goal, "gone"] : [goal]));
  }

  #map(next: (goal: Goal) => readonly Goal[]): void {
    this.#set([...this.goals].flatMap(next));
  }

  #set(goals: readonly Goal[]): void {
    this.#goals = new Set(goals);
    for (const goal of goals) this.#passed.add(goal);
  }
}

/** The goals after an accepted request; none, if it must not have been accepted. */
function goalAfter(wish: Wish, goal: Goal): readonly Goal[] {
  if (wish === "delete") return ["gone"];
  if (goal === "gone") return [];
  switch (wish) {
    case "convert-to-template":
      return ["frozen"];
    case "stop":
    case "force-stop":
      return goal === "frozen" ? ["frozen"] : ["down"];
    case "start":
      return goal === "frozen" ? [] : ["up"];
    case "suspend":
      return [goal === "up" ? "suspended" : goal]; // what does not run is left as it is
  }
}
