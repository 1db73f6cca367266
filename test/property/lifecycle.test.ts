/**
 * The model check of an instance's life: arbitrary sequences of requests, events of its VM, faults and kills of the daemon. After each
 * step nothing may run twice or be lost, and only allowed changes of state may have happened; at the end it must become what it was told.
 *
 * `UNIKERNEL_TEST_RUNS` sequences, of the seed `UNIKERNEL_TEST_SEED`. A failure prints the shortest sequence that fails, with the seed and
 * path that replay it.
 */
import assert from "node:assert/strict";
import { mock } from "node:test";
import * as fc from "fast-check";
import { INSTANCE_STATES } from "../../provider/contract/models";
import { autokillAt } from "../../provider/platform/instances/schedule/autokill";
import type { InstanceRecord } from "../../provider/platform/store/instances";
import type { VmExit } from "../../provider/platform/vmm/vmm";
import { runningRecord } from "../support/instanceRecord";
import {
  type Ending,
  isAtRest,
  LifecycleModel,
  type Nature,
  type Seen,
  TRANSITIONS,
  type Wish,
} from "../support/lifecycleModel";
import { type KillPoint, LifecycleWorld } from "../support/lifecycleWorld";
import { RUNS } from "../support/propertyRuns";

/** The default of the suite; a longer one finds no more in what has not changed. */
const DEFAULT_RUNS = 3_000;
/** The rarest change, a delete while the instance drains, occurs in one of about 15,000 sequences. */
const LONG_RUN = 100_000;
const DRAIN_TIMEOUT_MS = 30_000;
/** Enough virtual time for a drain, a grace period, the longest back-off, a cooldown and an autokill, one after the other. */
const REST_ROUNDS = 8;
const REST_ROUND_MS = 400_000;

const EXITS: Readonly<Record<string, { readonly exit: VmExit; readonly ending: Ending }>> = {
  "exits with 0": { exit: { kind: "exited", exitCode: 0 }, ending: "success" },
  "exits with 1": { exit: { kind: "exited", exitCode: 1 }, ending: "failure" },
  crashes: { exit: { kind: "panicked", detail: "Kernel panic" }, ending: "failure" },
  "is killed": { exit: { kind: "killed", detail: "SIGKILL" }, ending: "failure" },
};

/** One step of a sequence, and where in it or after it the daemon is killed. */
interface Step {
  readonly act: string;
  readonly kill?: KillPoint | undefined;
}

/** Most steps lead on: an instance that is down has few states. */
const act = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("start", "boots") },
  { weight: 4, arbitrary: fc.constantFrom("stop", "suspend", "drain and stop", "drain and suspend") },
  { weight: 1, arbitrary: fc.constantFrom("force-stop", "convert-to-template", "delete", "lock", "unlock") },
  { weight: 2, arbitrary: fc.constantFrom(...Object.keys(EXITS), "hangs", "stops as asked") },
  { weight: 4, arbitrary: fc.constantFrom("client connects", "client connects", "clients disconnect") },
  { weight: 3, arbitrary: fc.constantFrom(100, 1_500, 6_000, 11_000, 60_000, 310_000).map((ms) => `${ms} ms pass`) },
  { weight: 3, arbitrary: fc.constantFrom("daemon dies", "daemon starts", "daemon starts") },
  { weight: 1, arbitrary: fc.constantFrom("start breaks", "save breaks", "remove breaks") },
);
const kill = fc.record({ effect: fc.integer({ min: 1, max: 5 }), isDone: fc.boolean() });
const step: fc.Arbitrary<Step> = fc.record({
  act,
  kill: fc.option(kill, { nil: undefined, freq: 10 }),
});
const nature: fc.Arbitrary<Nature> = fc
  .record({
    restartPolicy: fc.constantFrom("never", "always", "on-failure"),
    sleeps: fc.constantFrom(undefined, "memory kept", "booted anew"),
    deleteOnStop: fc.boolean(),
    autokillMs: fc.constantFrom(0, 0, 50_000),
  } as const)
  .map((one) => ({
    ...one,
    deleteOnStop: one.deleteOnStop && one.restartPolicy === "never" && one.sleeps === undefined,
  }));
const life = fc.record({
  nature,
  hasService: fc.constantFrom(true, true, true, false),
  isCheckpoint: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  steps: fc.array(step, { maxLength: 40, size: "max" }),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

function recordOf({
  nature: { restartPolicy, sleeps, deleteOnStop, autokillMs },
  hasService,
  isCheckpoint,
}: Life): InstanceRecord {
  const scaleToZero = { policy: "on", stateful: sleeps === "memory kept", cooldown_time_ms: 1_000 } as const;
  return {
    ...runningRecord,
    createdAt: Date.now(),
    serviceUuid: hasService || sleeps !== undefined ? "service" : undefined,
    definition: {
      ...runningRecord.definition,
      ...{ restartPolicy, deleteOnStop, autokill: { timeMs: autokillMs, numRequests: 0 } },
      ...(sleeps !== undefined && { scaleToZero }),
    },
    status: { ...runningRecord.status, startCount: 0, state: isCheckpoint ? "checkpoint" : "stopped" },
  };
}

/** States and changes that were seen in all sequences. */
const seen = {
  sequences: 0,
  steps: 0,
  kills: 0,
  states: new Map<string, number>(),
  changes: new Map<string, number>(),
};
const count = (totals: Map<string, number>, key: string): void => void totals.set(key, (totals.get(key) ?? 0) + 1);

/** One sequence, in the world and in the model. */
class Run {
  readonly #world: LifecycleWorld;
  readonly #model: LifecycleModel;
  readonly #nature: Nature;
  #seenChanges = 0;
  #seenFailures = 0;
  #seenForgetfulKills = 0;

  constructor(one: Life) {
    this.#nature = one.nature;
    this.#world = new LifecycleWorld(recordOf(one));
    this.#model = new LifecycleModel(one.nature, one.isCheckpoint ? "frozen" : "down");
  }

  async perform({ act: what, kill: point }: Step): Promise<void> {
    const wasAlive = this.#world.isDaemonAlive;
    if (point !== undefined) this.#world.killAt(point);
    await this.#act(what);
    if (wasAlive && !this.#world.isDaemonAlive) seen.kills++;
    this.#afterStep();
  }

  /** Lets everything come to its end, and checks what the instance has become. */
  async rest(): Promise<void> {
    for (let round = 0; round < REST_ROUNDS; round++) {
      this.#world.repair();
      await this.#world.boot();
      const { vm } = this.#world;
      if (vm !== undefined) vm.hangs = false;
      await this.#vmActs();
      await this.#world.disconnect();
      await this.#pass(REST_ROUND_MS);
      this.#afterStep();
    }
    const { record } = this.#world;
    const mustGo = record !== undefined && !record.definition.deleteLock && record.status.startCount > 0;
    const goals = [...this.#model.goals].filter(
      (goal) => !(goal === "down" && mustGo && (this.#nature.deleteOnStop || this.#nature.autokillMs > 0)),
    );
    const { state, vm } = this.#seen;
    assert.ok(
      goals.some((goal) => isAtRest(goal, { state, vm }, this.#nature)),
      `told to be ${goals.join(" or ")}, it is ${state} with VM: ${vm}`,
    );
    this.#world.kill();
  }

  get #seen(): Seen {
    const { vm, state } = this.#world;
    return { state, vm: vm === undefined ? "none" : vm.isPaused ? "paused" : "runs" };
  }

  async #act(what: string): Promise<void> {
    const world = this.#world;
    const { vm } = world;
    const ms = /^(\d+) ms pass$/.exec(what)?.[1];
    if (ms !== undefined) return this.#pass(Number(ms));
    const end = EXITS[what];
    if (end !== undefined) {
      if (vm !== undefined) this.#model.afterExit(end.ending, vm.isPaused);
      return world.exit(end.exit);
    }
    switch (what) {
      case "boots":
        vm?.begin();
        return world.settle();
      case "hangs":
        if (vm !== undefined) vm.hangs = true;
        return;
      case "stops as asked":
        return this.#vmActs();
      case "client connects":
        this.#model.afterConnect();
        return world.connect();
      case "clients disconnect":
        return world.disconnect();
      case "daemon dies":
        return world.kill();
      case "daemon starts":
        return world.boot();
      case "lock":
      case "unlock":
        return world.setLock(what === "lock");
      case "start breaks":
      case "save breaks":
      case "remove breaks":
        return world.breakNext(what.split(" ")[0] as "start" | "save" | "remove");
      case "drain and stop":
        return this.#request("stop", DRAIN_TIMEOUT_MS);
      case "drain and suspend":
        return this.#request("suspend", DRAIN_TIMEOUT_MS);
      default:
        return this.#request(what as Wish, 0);
    }
  }

  /** The platform itself refuses to delete what is locked, and clients reach no dead daemon. */
  async #request(wish: Wish, drainTimeoutMs: number): Promise<void> {
    const { record, isDaemonAlive } = this.#world;
    if (!isDaemonAlive || record === undefined) return;
    if (wish === "delete" && record.definition.deleteLock) return;
    const outcome = await this.#world.request(wish, { drainTimeoutMs });
    this.#model.afterRequest(wish, outcome);
  }

  /** The guest does what it has been asked to, unless it hangs. */
  async #vmActs(): Promise<void> {
    const { vm } = this.#world;
    if (vm === undefined || vm.hangs || vm.isPaused) return;
    if (vm.isAskedToStop) return this.#world.exit({ kind: "exited", exitCode: 143 });
    vm.begin();
    await this.#world.settle();
  }

  async #pass(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await this.#world.settle();
    const { record, isDaemonAlive } = this.#world;
    const at = record === undefined ? undefined : autokillAt(record);
    if (isDaemonAlive && at !== undefined && at <= Date.now()) await this.#world.request("delete");
  }

  #afterStep(): void {
    const world = this.#world;
    if (world.failedStarts > this.#seenFailures) this.#model.afterFailedStart(world.isDaemonAlive);
    this.#seenFailures = world.failedStarts;
    if (world.forgetfulKills > this.#seenForgetfulKills) this.#model.afterForgetfulKill();
    this.#seenForgetfulKills = world.forgetfulKills;
    this.#model.afterAll(world.record?.definition.deleteLock === true);
    const goals = this.#model.takePassed();
    for (const { from, to } of world.changes.slice(this.#seenChanges)) {
      const allowed = TRANSITIONS[from][to] ?? [];
      assert.ok(
        world.failedWrites > 0 || allowed.some((goal) => goals.has(goal)), // a state that was not written is skipped
        `${from} -> ${to} on the way to ${[...goals].join(" or ")}`,
      );
      count(seen.changes, `${from} -> ${to}`);
      count(seen.states, to);
    }
    this.#seenChanges = world.changes.length;
    seen.steps++;
    assert.ok(world.vms.filter(({ isAlive }) => isAlive).length <= 1, "two VMs run");
    assert.ok(world.record !== undefined || this.#model.goals.has("gone"), "lost");
    this.#checkFindable();
  }

  /** A daemon that starts now would find the VM that runs. */
  #checkFindable(): void {
    const { record } = this.#world;
    const { state, vm } = this.#seen;
    if (vm === "none") return;
    const isFound =
      state === "stopped" ? record?.status.snapshotUuid !== undefined : !/template|checkpoint|deleted/.test(state);
    assert.ok(isFound || record?.status.deleting === true, `a VM runs that belongs to nobody: ${state}`);
  }
}

describe("the life of an instance", function () {
  this.timeout(3_600_000);
  after(() => {
    mock.timers.reset();
    const { sequences, steps, kills, states, changes } = seen;
    console.log(`      ${sequences} sequences, ${steps} steps, ${kills} kills of the daemon`);
    const table = (totals: Map<string, number>): string =>
      [...totals]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([key, n]) => `${key} ${n}`)
        .join(", ");
    console.log(`      states: ${table(states)}\n      changes: ${table(changes)}`);
  });

  it("is what the model says, whatever happens in it", async () => {
    const numRuns = process.env["UNIKERNEL_TEST_RUNS"] === undefined ? DEFAULT_RUNS : RUNS.numRuns;
    const property = fc.asyncProperty(life, async (one) => {
      mock.timers.reset(); // the last sequence has left those of dead daemons
      mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
      const run = new Run(one);
      seen.sequences++;
      count(seen.states, one.isCheckpoint ? "checkpoint" : "stopped");
      for (const step of one.steps) await run.perform(step);
      await run.rest();
    });
    await fc.assert(property, { ...RUNS, numRuns });
  });

  it("has every state, and in a long run makes every change that the model allows", () => {
    assert.deepEqual([...seen.states.keys()].sort(), [...INSTANCE_STATES].sort());
    const allowed = Object.entries(TRANSITIONS).flatMap(([from, next]) =>
      Object.keys(next).map((to) => `${from} -> ${to}`),
    );
    const missing = allowed.filter((change) => !seen.changes.has(change));
    assert.deepEqual(seen.sequences >= LONG_RUN ? missing : [], []);
  });
});
