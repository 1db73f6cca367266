/**
 * The model check of the rollout's planner: simulated rollouts with failing and slow starts, crashes, sleeping members, listings that lag,
 * and rollouts that are killed and run again.
 */
import assert from "node:assert/strict";
import { NO_MEMORY } from "../../provider/rollout/plan/canary";
import { noRequests, record, withIssued } from "../../provider/rollout/plan/issued";
import type { Limits } from "../../provider/rollout/plan/limits";
import { nextStep } from "../../provider/rollout/plan/nextStep";
import type { RolloutStrategy } from "../../provider/rollout/policy";
import { PauseCheck } from "../support/pauseCheck";
import { checkDone, checkStep, requiredReady } from "../support/rolloutChecks";
import { type Chances, RolloutWorld, TICK_MS } from "../support/rolloutWorld";
import { type RandomSource, seededRandom } from "../support/seededRandom";

const STRATEGIES: readonly RolloutStrategy[] = ["rolling", "blueGreen", "canary", "recreate", "inPlace"];
const ROLLS = Number(process.env["UNIKERNEL_TEST_ROLLS"] ?? 100_000);
const FIRST_SEED = Number(process.env["UNIKERNEL_TEST_SEED"] ?? 1) || 1;
/** A rollout that observes this often ends. */
const MAX_OBSERVATIONS = 4_000;

const totals = { rolls: 0, steps: 0, observations: 0, crashes: 0, kills: 0, failed: 0, rolledBack: 0, undisturbed: 0 };

function anyChances(random: RandomSource): Chances {
  const pick = (...values: number[]): number => values[Math.floor(random() * values.length)] ?? 0;
  return {
    crash: pick(0, 0, 0.002, 0.02),
    badStart: pick(0, 0, 0.1, 0.5),
    sleep: pick(0, 0.02, 0.2),
    kill: pick(0, 0, 0.01, 0.05),
    hang: pick(0, 0, 0.1),
    maxStartTicks: pick(1, 5, 40),
    maxDrainTicks: pick(1, 5, 60),
    maxLag: pick(0, 0, 2, 8),
  };
}

function anyPolicy(strategy: RolloutStrategy, random: RandomSource): Limits {
  const below = (limit: number): number => Math.floor(random() * limit);
  const desired = below(8);
  const bounds = { maxSurge: below(4), maxUnavailable: below(4) };
  if (bounds.maxSurge + bounds.maxUnavailable === 0) bounds.maxSurge = 1;
  const counts = Array.from({ length: desired }, (_, index) => index).filter((count) => count > 0 && random() < 0.4);
  return {
    strategy,
    desired,
    maxSurge:
      strategy === "blueGreen" ? desired : strategy === "recreate" || strategy === "inPlace" ? 0 : bounds.maxSurge,
    maxUnavailable: strategy === "recreate" ? desired : bounds.maxUnavailable,
    steps: strategy === "canary" ? counts.map((count) => ({ count, pauseMs: below(20) * TICK_MS })) : [],
    keepOldForMs: strategy === "blueGreen" && random() < 0.5 ? 60_000 : 0,
  };
}

/** Mostly the old replicas and nothing else; or what an interrupted rollout of any strategy left behind. */
function populate(world: RolloutWorld, policy: Limits, random: RandomSource): void {
  const isPlain = random() < 0.6;
  const size = random() < 0.7 ? policy.desired : world.below(8);
  for (let i = 0; i < size; i++) {
    if (isPlain) world.add({ phase: random() < 0.2 ? "asleep" : "ready" });
    else {
      const generation = random() < 0.3 ? "new" : random() < 0.1 ? "retired" : "old";
      const member = world.add({ generation, inRotation: generation !== "retired" && random() < 0.9 });
      if (random() < (generation === "retired" ? 0.7 : 0.1)) world.enter(member, random() < 0.5 ? "down" : "draining");
      else if (random() < 0.2) {
        world.enter(member, "starting");
        if (generation === "old" && random() < 0.5) member.next = "never";
      }
    }
  }
  // A fleet that is below the floor at the start is like one that crashed.
  const ready = world.members.filter((one) => one.inRotation && (one.phase === "ready" || one.phase === "asleep"));
  world.crashes += Math.max(0, requiredReady(policy) - ready.length);
}

type Outcome = "done" | "failed";

/** Runs one rollout to its end. */
function simulate(world: RolloutWorld, policy: Limits, isRollback: boolean): Outcome {
  let issued = noRequests();
  let memory = NO_MEMORY;
  const pauses = new PauseCheck(policy);
  const isOld = ({ generation }: { readonly generation: string }) => generation === "old";
  const isPauseChecked = policy.strategy === "canary" && !isRollback && world.members.every(isOld);
  let wasKilled = false;
  world.catchUp();
  for (let observation = 0; observation < MAX_OBSERVATIONS; observation++) {
    for (let ticks = 1 + world.below(3); ticks > 0; ticks--) {
      world.advance();
      pauses.follow(world);
    }
    totals.observations += 1;
    const observed = world.observe(issued);
    const seen = withIssued(observed, issued);
    const plan = nextStep(seen, policy, memory, world.tick * TICK_MS);
    memory = plan.memory;
    const { step } = plan;
    if (step.action === "wait" || step.action === "pause") continue;
    totals.steps += 1;
    if (step.action === "done") {
      checkDone(world, policy);
      return "done";
    }
    if (step.action === "fail") {
      assert.ok(step.uuids.length > 0);
      return "failed";
    }
    checkStep(world, policy, step, seen);
    if (step.action === "launch" && isPauseChecked && !wasKilled && world.members.some(isOld) && world.crashes === 0)
      pauses.check(world.members.filter(({ generation }) => generation === "new").length + step.count);
    const isKilled = !isRollback && world.happens(world.chances.kill);
    for (const uuid of world.act(step, isKilled, !isRollback)) issued.launched.add(uuid);
    record(issued, step, observed);
    if (!isKilled) continue;
    totals.kills += 1;
    wasKilled = true;
    issued = noRequests();
    memory = NO_MEMORY;
    world.catchUp();
  }
  return assert.fail(`it did not end: ${JSON.stringify(world.members)}`);
}

/** One rollout, and the way back if it fails. */
function roll(seed: number): void {
  const random = seededRandom(seed);
  const strategy = STRATEGIES[seed % STRATEGIES.length] ?? "rolling";
  const policy = anyPolicy(strategy, random);
  const world = new RolloutWorld(anyChances(random), random);
  populate(world, policy, random);
  totals.rolls += 1;
  const outcome = simulate(world, policy, false);
  totals.crashes += world.crashes;
  if (world.crashes === 0 && outcome === "done") totals.undisturbed += 1;
  if (outcome === "done") return;
  totals.failed += 1;
  const way = { old: "new", new: "old", retired: "retired" } as const;
  for (const member of world.members) member.generation = way[member.generation];
  world.crashes += policy.desired; // the broken members are the old ones now
  world.crashesLeft = 0;
  assert.equal(simulate(world, policy, true), "done", "the way back failed");
  totals.rolledBack += 1;
}

describe("simulated rollouts", function () {
  this.timeout(Math.max(300_000, ROLLS * 30));

  it("keep their limits, whatever happens, and end", () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROLLS; seed++) {
      try {
        roll(seed);
      } catch (error) {
        throw new Error(`${STRATEGIES[seed % STRATEGIES.length] ?? ""}, seed ${seed}: ${String(error)}`, {
          cause: error,
        });
      }
    }
    assert.ok(totals.failed > 0 && totals.kills > 0 && totals.crashes > 0 && totals.undisturbed > ROLLS / 10);
    console.log(
      `      ${totals.rolls} rollouts: ${totals.undisturbed} done without any crash, ${totals.failed} failed and ${totals.rolledBack} rolled back; ${totals.steps} steps after ${totals.observations} observations, ${totals.crashes} crashes, ${totals.kills} kills`,
    );
  });
});
