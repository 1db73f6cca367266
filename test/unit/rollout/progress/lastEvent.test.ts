import assert from "node:assert/strict";
import type { RolloutEvent } from "../../../../provider/rollout/events";
import { withEndLast } from "../../../../provider/rollout/progress/lastEvent";

describe("the end of a rollout that something surrounds", () => {
  let events: string[];
  beforeEach(() => (events = []));
  const onEvent = ({ phase, member, detail = "" }: RolloutEvent) => {
    events.push([phase, member, detail].filter((part) => part !== undefined && part !== "").join(" "));
  };

  it("is the last event, and a member's failure is none", async () => {
    const result = await withEndLast(onEvent, (inner) => {
      inner({ phase: "started", elapsedMs: 0 });
      inner({ phase: "failed", member: "web-1", elapsedMs: 0 });
      inner({ phase: "done", elapsedMs: 0 });
      onEvent({ phase: "removed", member: "second", elapsedMs: 0 });
      return Promise.resolve(7);
    });
    assert.equal(result, 7);
    assert.deepEqual(events, ["started", "failed web-1", "removed second", "done"]);
  });

  it("is a failure if the rollout is done and the rest fails", async () => {
    const run = (inner: typeof onEvent) => {
      inner({ phase: "done", elapsedMs: 0 });
      return Promise.reject(new Error("The domains stay."));
    };
    await assert.rejects(withEndLast(onEvent, run), /The domains stay/);
    assert.deepEqual(events, ["failed The domains stay."]);
  });

  it("stays what it was if the rollout failed", async () => {
    const run = (inner: typeof onEvent) => {
      inner({ phase: "rolledBack", detail: "2 as before", elapsedMs: 0 });
      return Promise.reject(new Error("It failed."));
    };
    await assert.rejects(withEndLast(onEvent, run), /It failed/);
    assert.deepEqual(events, ["rolledBack 2 as before"]);
  });
});
