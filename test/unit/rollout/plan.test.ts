import assert from "node:assert/strict";
import { NO_MEMORY } from "../../../provider/rollout/plan/canary";
import { type ObservedMember, noRequests, record, withIssued } from "../../../provider/rollout/plan/issued";
import type { Limits } from "../../../provider/rollout/plan/limits";
import type { Member, RolloutStep } from "../../../provider/rollout/plan/member";
import { nextStep } from "../../../provider/rollout/plan/nextStep";

const rolling: Limits = {
  strategy: "rolling",
  desired: 2,
  maxSurge: 1,
  maxUnavailable: 0,
  steps: [],
  keepOldForMs: 0,
};
const blueGreen: Limits = { ...rolling, strategy: "blueGreen", maxSurge: 2 };
const inPlace: Limits = { ...rolling, strategy: "inPlace", maxSurge: 0, maxUnavailable: 1 };

const member = (uuid: string, fields: Partial<Member> = {}): Member => ({
  uuid,
  generation: uuid.startsWith("n") ? "new" : "old",
  phase: "ready",
  inRotation: true,
  ...fields,
});
/** Ready members: those whose name begins with `n` are new. */
const ready = (...uuids: string[]): readonly Member[] => uuids.map((uuid) => member(uuid));
const next = (members: readonly Member[], policy: Limits): RolloutStep => nextStep(members, policy, NO_MEMORY, 0).step;

describe("the plan of a rollout", () => {
  it("launches all members at once if none exists, whatever the strategy", () => {
    for (const strategy of ["rolling", "blueGreen", "canary", "recreate", "inPlace"] as const)
      assert.deepEqual(next([], { ...rolling, strategy }), { action: "launch", count: 2, rotation: "in" });
  });

  it("launches a new member before it drains an old one", () => {
    const olds = ready("a", "b");
    assert.deepEqual(next(olds, rolling), { action: "launch", count: 1, rotation: "in" });
    assert.deepEqual(next([...olds, member("n1", { phase: "starting" })], rolling), { action: "wait" });
    assert.deepEqual(next([...olds, member("n1")], rolling), { action: "drain", uuids: ["a"] });
    const draining = [member("a", { phase: "draining" }), member("b"), member("n1")];
    assert.deepEqual(next(draining, rolling), { action: "wait" });
    assert.deepEqual(next([member("a", { phase: "down" }), member("b"), member("n1")], rolling), {
      action: "remove",
      uuids: ["a"],
    });
    assert.deepEqual(next(ready("b", "n1"), rolling), { action: "launch", count: 1, rotation: "in" });
    assert.deepEqual(next(ready("n1", "n2"), rolling), { action: "done" });
  });

  it("replaces as many at a time as the limits permit", () => {
    const policy = { ...rolling, desired: 4, maxSurge: 2, maxUnavailable: 1 };
    assert.deepEqual(next(ready("a", "b", "c", "d"), policy), { action: "drain", uuids: ["a"] });
    const after = [member("a", { phase: "draining" }), ...ready("b", "c", "d")];
    assert.deepEqual(next(after, policy), { action: "launch", count: 2, rotation: "in" });
  });

  it("drains the only member first if nothing else is permitted", () => {
    const policy = { ...rolling, desired: 1, maxSurge: 0, maxUnavailable: 1 };
    assert.deepEqual(next(ready("a"), policy), { action: "drain", uuids: ["a"] });
    assert.deepEqual(next(ready("a"), { ...policy, maxSurge: 1 }), { action: "launch", count: 1, rotation: "in" });
  });

  it("fails if a new member failed", () => {
    assert.deepEqual(next([member("a"), member("n1", { phase: "failed" })], rolling), {
      action: "fail",
      uuids: ["n1"],
    });
  });

  it("repairs a fleet in which every member is broken", () => {
    const unready = [member("a", { phase: "unready" }), member("b", { phase: "unready" })];
    assert.deepEqual(next(unready, rolling), { action: "launch", count: 1, rotation: "in" });
    assert.deepEqual(next([...unready, member("n1")], rolling), { action: "drain", uuids: ["a"] });
    assert.deepEqual(next([member("a", { phase: "down" }), member("b")], rolling), { action: "remove", uuids: ["a"] });
  });

  it("leaves an old member alone that may be waking", () => {
    const members = [
      member("a", { phase: "starting" }),
      member("b"),
      member("n1"),
      member("n2", { phase: "starting" }),
    ];
    assert.deepEqual(next(members, { ...rolling, maxSurge: 2 }), { action: "wait" });
  });

  it("stops sleeping members before those that serve", () => {
    const members = [member("a"), member("b", { phase: "asleep" }), member("n1")];
    assert.deepEqual(next(members, rolling), { action: "drain", uuids: ["b"] });
  });

  it("scales down by draining, also to zero", () => {
    assert.deepEqual(next(ready("n1", "n2", "n3"), rolling), { action: "drain", uuids: ["n3"] });
    assert.deepEqual(next(ready("n1"), { ...rolling, desired: 0 }), { action: "drain", uuids: ["n1"] });
    assert.deepEqual(next([], { ...rolling, desired: 0 }), { action: "done" });
  });
});

describe("the plan of a blue-green rollout", () => {
  const second = (phase: Member["phase"]) => [
    member("n1", { inRotation: false }),
    member("n2", { inRotation: false, phase }),
  ];
  const withdrawn = [member("a", { inRotation: false }), member("b", { inRotation: false })];

  it("launches a second set out of rotation, and cuts over once all of it is ready", () => {
    const olds = ready("a", "b");
    assert.deepEqual(next(olds, blueGreen), { action: "launch", count: 2, rotation: "out" });
    assert.deepEqual(next([...olds, ...second("starting")], blueGreen), { action: "wait" });
    assert.deepEqual(next([...olds, ...second("ready")], blueGreen), {
      action: "switch",
      admit: ["n1", "n2"],
      withdraw: ["a", "b"],
    });
    assert.deepEqual(next([...withdrawn, ...ready("n1", "n2")], blueGreen), { action: "drain", uuids: ["a", "b"] });
  });

  it("keeps the old set if it must", () => {
    const keeping = { ...blueGreen, keepOldForMs: 60_000 };
    const [first, other] = withdrawn;
    assert.ok(first !== undefined && other !== undefined);
    const members = [{ ...first, phase: "down" as const }, other, ...ready("n1", "n2")];
    assert.deepEqual(next(members, keeping), { action: "retire", uuids: ["a", "b"] });
  });

  it("removes what an earlier one kept", () => {
    const kept = member("k", { generation: "retired", phase: "down", inRotation: false });
    assert.deepEqual(next([kept, ...ready("a", "b")], blueGreen), { action: "remove", uuids: ["k"] });
    assert.deepEqual(next([{ ...kept, phase: "ready" }, ...ready("n1", "n2")], rolling), {
      action: "drain",
      uuids: ["k"],
    });
  });
});

describe("the plan of a canary rollout", () => {
  const policy: Limits = {
    ...rolling,
    strategy: "canary",
    desired: 4,
    maxUnavailable: 1,
    steps: [{ count: 1, pauseMs: 1000 }],
  };

  it("pauses after a step, and begins the pause again if a member is not ready", () => {
    const canaries = ready("a", "b", "c", "n1");
    const first = nextStep(canaries, policy, NO_MEMORY, 5000);
    assert.deepEqual(first.step, { action: "pause", untilMs: 6000, count: 1 });
    const starting = [...ready("a", "b", "c"), member("n1", { phase: "starting" })];
    const disturbed = nextStep(starting, policy, first.memory, 5500);
    assert.deepEqual(disturbed.step, { action: "wait" });
    const again = nextStep(canaries, policy, disturbed.memory, 6200);
    assert.deepEqual(again.step, { action: "pause", untilMs: 7200, count: 1 });
    const passed = nextStep(canaries, policy, again.memory, 7200);
    assert.deepEqual(passed.step, { action: "drain", uuids: ["a"] });
    const draining = [member("a", { phase: "draining" }), ...ready("b", "c", "n1")];
    assert.deepEqual(nextStep(draining, policy, passed.memory, 7300).step.action, "launch");
  });

  it("begins the pause once the member that was replaced has drained", () => {
    const draining = [...ready("b", "c", "n1"), member("a", { phase: "draining" })];
    const waiting = nextStep(draining, policy, NO_MEMORY, 5000);
    assert.deepEqual(waiting.step, { action: "wait" });
    const gone = nextStep(ready("b", "c", "n1"), policy, waiting.memory, 9000);
    assert.deepEqual(gone.step, { action: "pause", untilMs: 10_000, count: 1 });
  });

  it("keeps the other old members during the pause", () => {
    assert.deepEqual(next(ready("a", "b", "c", "n1"), policy).action, "pause");
  });
});

describe("the plan of recreate", () => {
  it("drains all old members before it launches a new one", () => {
    const policy: Limits = { ...rolling, strategy: "recreate", maxSurge: 0, maxUnavailable: 2 };
    assert.deepEqual(next(ready("a", "b"), policy), { action: "drain", uuids: ["a", "b"] });
    const last = member("b", { phase: "draining" });
    assert.deepEqual(next([last], policy), { action: "wait" });
    assert.deepEqual(next([{ ...last, phase: "down" }], policy), { action: "remove", uuids: ["b"] });
  });
});

describe("the plan of a rollout in place", () => {
  it("drains a member, changes it and starts it again, one by one", () => {
    assert.deepEqual(next(ready("a", "b"), inPlace), { action: "drain", uuids: ["a"] });
    assert.deepEqual(next([member("a", { phase: "draining" }), member("b")], inPlace), { action: "wait" });
    assert.deepEqual(next([member("a", { phase: "down" }), member("b")], inPlace), { action: "restart", uuids: ["a"] });
    assert.deepEqual(next([member("n1", { phase: "starting" }), member("b")], inPlace), { action: "wait" });
    assert.deepEqual(next(ready("n1", "b"), inPlace), { action: "drain", uuids: ["b"] });
  });

  it("stops a member by force that does not stop in time", () => {
    const members = [member("a", { phase: "stuck" }), member("b")];
    assert.deepEqual(next(members, inPlace), { action: "forceStop", uuids: ["a"] });
  });
});

describe("requests that a listing does not show yet", () => {
  const observed = (uuid: string, fields: Partial<ObservedMember> = {}): ObservedMember => ({
    ...member(uuid),
    starts: 1,
    restarts: 0,
    ...fields,
  });
  const phases = (members: readonly Member[]) => members.map(({ phase }) => phase);

  it("count", () => {
    const issued = noRequests();
    issued.launched.add("n1");
    record(issued, { action: "drain", uuids: ["a"] }, []);
    record(issued, { action: "remove", uuids: ["b"] }, []);
    record(issued, { action: "switch", admit: [], withdraw: ["c"] }, []);
    const seen = withIssued([observed("a"), observed("b"), observed("c")], issued);
    assert.deepEqual(
      seen.map(({ uuid, phase, inRotation }) => [uuid, phase, inRotation]),
      [
        ["a", "draining", true],
        ["c", "ready", false],
        ["n1", "starting", false],
      ],
    );
  });

  it("are told from the run before by the number of starts", () => {
    const issued = noRequests();
    record(issued, { action: "restart", uuids: ["a"] }, [observed("a", { phase: "down" })]);
    assert.deepEqual(withIssued([observed("a")], issued), [member("a", { generation: "new", phase: "starting" })]);
    const now = observed("a", { generation: "new", starts: 2 });
    assert.deepEqual(phases(withIssued([now], issued)), ["ready"]);
    assert.deepEqual(phases(withIssued([{ ...now, phase: "down" }], issued)), ["failed"]);
  });

  it("do not turn a member that wakes into one that starts", () => {
    const issued = noRequests();
    assert.deepEqual(phases(withIssued([observed("n1", { phase: "starting" })], issued)), ["starting"]);
    withIssued([observed("n1")], issued);
    assert.deepEqual(phases(withIssued([observed("n1", { phase: "starting" })], issued)), ["asleep"]);
    assert.deepEqual(phases(withIssued([observed("n1", { phase: "starting", restarts: 1 })], issued)), ["starting"]);
  });
});
