import assert from "node:assert/strict";
import * as fc from "fast-check";
import { findHealthProblem } from "../../../provider/rollout/healthCheck";
import { type RolloutInstance, nextStep } from "../../../provider/rollout/plan";

const unit = (
  uuid: string,
  generation: RolloutInstance["generation"],
  health: RolloutInstance["health"] = "serving",
): RolloutInstance => ({
  uuid,
  generation,
  health,
});
const oneByOne = { desired: 2, maxSurge: 1, maxUnavailable: 0 };

describe("the rollout plan", () => {
  it("launches all instances at once if none exists", () => {
    assert.deepEqual(nextStep([], oneByOne), { action: "launch", count: 2 });
  });

  it("launches a new instance before it removes an old one", () => {
    const olds = [unit("a", "old"), unit("b", "old")];
    assert.deepEqual(nextStep(olds, oneByOne), { action: "launch", count: 1 });
    assert.deepEqual(nextStep([...olds, unit("c", "new", "pending")], oneByOne), { action: "wait" });
    assert.deepEqual(nextStep([...olds, unit("c", "new")], oneByOne), { action: "drain", uuids: ["a"] });
    assert.deepEqual(nextStep([unit("b", "old"), unit("c", "new")], oneByOne), { action: "launch", count: 1 });
  });

  it("removes an old instance first if no surge is allowed", () => {
    assert.deepEqual(nextStep([unit("a", "old")], { desired: 1, maxSurge: 0, maxUnavailable: 1 }), {
      action: "drain",
      uuids: ["a"],
    });
  });

  it("gives up if a new instance is stopped", () => {
    assert.deepEqual(nextStep([unit("a", "old"), unit("c", "new", "down")], oneByOne), {
      action: "give-up",
      uuids: ["c"],
    });
  });

  it("removes unhealthy old instances without waiting for room", () => {
    assert.deepEqual(nextStep([unit("a", "old", "down"), unit("b", "old")], oneByOne), {
      action: "remove",
      uuids: ["a"],
    });
  });

  it("scales down by draining, also to zero", () => {
    const three = [unit("a", "new"), unit("b", "new"), unit("c", "new")];
    assert.deepEqual(nextStep(three, oneByOne), { action: "drain", uuids: ["c"] });
    assert.deepEqual(nextStep([unit("a", "new")], { ...oneByOne, desired: 0 }), { action: "drain", uuids: ["a"] });
    assert.deepEqual(nextStep([], { ...oneByOne, desired: 0 }), { action: "done" });
  });

  it("stays between floor and ceiling and terminates from any start", () => {
    const policies = fc
      .record({ desired: fc.nat(5), maxSurge: fc.nat(3), maxUnavailable: fc.nat(3) })
      .filter((p) => p.maxSurge + p.maxUnavailable > 0);
    const starts = fc.array(
      fc.record({
        generation: fc.constantFrom("old" as const, "new" as const),
        health: fc.constantFrom("serving" as const, "pending" as const),
      }),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(policies, starts, fc.infiniteStream(fc.boolean()), (policy, start, ready) => {
        let units = start.map((u, i) => unit(`s${i}`, u.generation, u.health));
        const ceiling = Math.max(units.length, policy.desired + policy.maxSurge);
        for (let step = 0; step < 200; step++) {
          const next = nextStep(units, policy);
          const servingBefore = units.filter((u) => u.health === "serving").length;
          if (next.action === "done") {
            assert.deepEqual(
              [units.length, units.every((u) => u.generation === "new" && u.health === "serving")],
              [policy.desired, true],
            );
            return;
          }
          if (next.action === "launch")
            units = [
              ...units,
              ...Array.from({ length: next.count }, (_, i) => unit(`n${step}-${i}`, "new", "pending")),
            ];
          if (next.action === "drain" || next.action === "remove")
            units = units.filter((u) => !next.uuids.includes(u.uuid));
          if (next.action === "wait")
            units = units.map((u) =>
              u.generation === "new" && u.health === "pending" && ready.next().value ? unit(u.uuid, "new") : u,
            );
          const serving = units.filter((u) => u.health === "serving").length;
          if (serving < servingBefore)
            assert.ok(serving >= policy.desired - policy.maxUnavailable, "fell below the floor");
          assert.ok(units.length <= ceiling, "exceeded the ceiling");
        }
        assert.fail("did not end");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a health response", () => {
  const health = { path: "/hello", match: { "$.status": "pass", "$.checks[0].ok": true } };
  const body = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });

  it("depends on its body, not only on its status", () => {
    assert.equal(findHealthProblem(body({ status: "pass", checks: [{ ok: true }] }), health), undefined);
    assert.match(
      findHealthProblem(body({ status: "fail", checks: [{ ok: true }] }), health) ?? "",
      /"pass" at \$\.status/,
    );
    assert.match(findHealthProblem(body({ status: "pass" }), health) ?? "", /\$\.checks\[0\]\.ok/);
  });

  it("is unhealthy if missing, an error or not JSON", () => {
    assert.match(findHealthProblem(undefined, health) ?? "", /did not respond/);
    assert.match(findHealthProblem({ status: 503, body: "" }, health) ?? "", /503/);
    assert.match(findHealthProblem({ status: 200, body: "<html>" }, health) ?? "", /JSON/);
  });

  it("is never quoted", () => {
    assert.doesNotMatch(findHealthProblem(body({ status: "s3cret" }), health) ?? "", /s3cret/);
  });
});
