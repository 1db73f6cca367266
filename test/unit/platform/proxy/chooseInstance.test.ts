import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Candidate, chooseInstance } from "../../../../provider/platform/proxy/chooseInstance";

const limits = { softLimit: 2, hardLimit: 4 };
const none = new Set<string>();
const ready = (uuid: string, connections: number): Candidate => ({ uuid, state: "ready", connections });
const other = (uuid: string, state: Candidate["state"]): Candidate => ({ uuid, state, connections: 0 });

describe("the choice of an instance for a connection", () => {
  it("falls on the ready one with the fewest connections", () => {
    assert.deepEqual(chooseInstance([ready("a", 2), ready("b", 1), other("c", "starting")], limits, none), {
      action: "connect",
      uuid: "b",
    });
  });

  it("also wakes one in standby once every ready one is at the soft limit", () => {
    const candidates = [ready("a", 2), other("z", "standby")];
    assert.deepEqual(chooseInstance(candidates, limits, none), { action: "connect", uuid: "a", wake: "z" });
    assert.deepEqual(chooseInstance([ready("a", 1), other("z", "standby")], limits, none), {
      action: "connect",
      uuid: "a",
    });
  });

  it("wakes one in standby when none is ready, holds while one is starting, refuses when none will be ready", () => {
    assert.deepEqual(chooseInstance([other("z", "standby"), other("c", "starting")], limits, none), {
      action: "wake",
      uuid: "z",
    });
    assert.deepEqual(chooseInstance([other("c", "starting"), other("d", "out")], limits, none), { action: "hold" });
    assert.deepEqual(chooseInstance([other("d", "out")], limits, none), { action: "refuse" });
    assert.deepEqual(chooseInstance([], limits, none), { action: "refuse" });
  });

  it("holds while the last one leaves or a successor is due, but not for full ones that are ready", () => {
    const leaving = other("l", "leaving");
    assert.deepEqual(chooseInstance([leaving, other("d", "out")], limits, none), { action: "hold" });
    assert.deepEqual(chooseInstance([], limits, none, true), { action: "hold" });
    assert.deepEqual(chooseInstance([ready("a", 4), leaving], limits, none, true), { action: "refuse" });
    assert.deepEqual(chooseInstance([ready("a", 3), leaving], limits, none, true), { action: "connect", uuid: "a" });
  });

  it("refuses above the hard limit", () => {
    assert.deepEqual(chooseInstance([ready("a", 4)], limits, none), { action: "refuse" });
  });

  it("leaves out those that could not be reached", () => {
    assert.deepEqual(chooseInstance([ready("a", 0), ready("b", 3)], limits, new Set(["a"])), {
      action: "connect",
      uuid: "b",
    });
    assert.deepEqual(chooseInstance([ready("a", 0)], limits, new Set(["a"])), { action: "refuse" });
  });

  it("is never an instance that is not ready, was tried, is full, or is busier than another", () => {
    const candidate = fc.record({
      uuid: fc.uuid(),
      state: fc.constantFrom("ready", "starting", "standby", "leaving", "out" as const),
      connections: fc.nat(6),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(candidate, { selector: (one) => one.uuid }),
        fc.integer({ min: 1, max: 6 }),
        (candidates, hardLimit) => {
          const tried = new Set(candidates.filter((_, index) => index % 3 === 2).map(({ uuid }) => uuid));
          const decision = chooseInstance(candidates, { softLimit: 1, hardLimit }, tried);
          const eligible = candidates.filter(
            (one) => one.state === "ready" && !tried.has(one.uuid) && one.connections < hardLimit,
          );
          assert.equal(decision.action === "connect", eligible.length > 0);
          if (decision.action !== "connect") return;
          const chosen = eligible.find(({ uuid }) => uuid === decision.uuid);
          assert.equal(chosen?.connections, Math.min(...eligible.map(({ connections }) => connections)));
        },
      ),
    );
  });
});
