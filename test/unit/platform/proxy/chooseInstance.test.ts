import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Candidate, chooseInstance } from "../../../../provider/platform/proxy/chooseInstance";

const limits = { softLimit: 2, hardLimit: 4 };
const none = new Set<string>();
const ready = (uuid: string, connections: number): Candidate => ({ uuid, is: "ready", connections });
const other = (uuid: string, is: Candidate["is"]): Candidate => ({ uuid, is, connections: 0 });

describe("the choice of an instance for a connection", () => {
  it("is the least busy ready one", () => {
    assert.deepEqual(chooseInstance([ready("a", 2), ready("b", 1), other("c", "coming")], limits, none), {
      do: "connect",
      uuid: "b",
    });
  });

  it("also wakes one in standby when every ready one is at its soft limit", () => {
    const candidates = [ready("a", 2), other("z", "asleep")];
    assert.deepEqual(chooseInstance(candidates, limits, none), { do: "connect", uuid: "a", wake: "z" });
    assert.deepEqual(chooseInstance([ready("a", 1), other("z", "asleep")], limits, none), { do: "connect", uuid: "a" });
  });

  it("wakes if none is ready, holds while one is starting, rejects if none can serve", () => {
    assert.deepEqual(chooseInstance([other("z", "asleep"), other("c", "coming")], limits, none), {
      do: "wake",
      uuid: "z",
    });
    assert.deepEqual(chooseInstance([other("c", "coming"), other("d", "away")], limits, none), { do: "hold" });
    assert.deepEqual(chooseInstance([other("d", "away")], limits, none), { do: "refuse", because: "no instance" });
    assert.deepEqual(chooseInstance([], limits, none), { do: "refuse", because: "no instance" });
  });

  it("rejects above the hard limit", () => {
    assert.deepEqual(chooseInstance([ready("a", 4)], limits, none), { do: "refuse", because: "hard limit" });
  });

  it("skips instances that failed for this connection", () => {
    assert.deepEqual(chooseInstance([ready("a", 0), ready("b", 3)], limits, new Set(["a"])), {
      do: "connect",
      uuid: "b",
    });
    assert.deepEqual(chooseInstance([ready("a", 0)], limits, new Set(["a"])), { do: "refuse", because: "no instance" });
  });

  it("is never an instance that is not ready, was tried, is full, or is busier than another", () => {
    const candidate = fc.record({
      uuid: fc.uuid(),
      is: fc.constantFrom("ready", "coming", "asleep", "away" as const),
      connections: fc.nat(6),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(candidate, { selector: (one) => one.uuid }),
        fc.integer({ min: 1, max: 6 }),
        (candidates, hardLimit) => {
          const tried = new Set(candidates.filter((_, index) => index % 3 === 2).map(({ uuid }) => uuid));
          const choice = chooseInstance(candidates, { softLimit: 1, hardLimit }, tried);
          const eligible = candidates.filter(
            (one) => one.is === "ready" && !tried.has(one.uuid) && one.connections < hardLimit,
          );
          assert.equal(choice.do === "connect", eligible.length > 0);
          if (choice.do !== "connect") return;
          const chosen = eligible.find(({ uuid }) => uuid === choice.uuid);
          assert.equal(chosen?.connections, Math.min(...eligible.map(({ connections }) => connections)));
        },
      ),
    );
  });
});
