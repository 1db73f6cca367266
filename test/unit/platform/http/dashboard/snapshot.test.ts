import assert from "node:assert/strict";
import { chooseWindow, lastChanges } from "../../../../../provider/platform/http/dashboard/snapshot";
import type { StateChange } from "../../../../../provider/platform/observability/history";

const timeline = (...changes: readonly StateChange[]) => ({ uuid: "u", name: "web", changes });
const at = (time: number, state: StateChange["state"]): StateChange => ({ at: time, state });

describe("what the dashboard shows of the past", () => {
  it("are the changes of the window, and the state at its begin", () => {
    const all = timeline(at(1, "stopped"), at(5, "starting"), at(9, "running"));
    assert.deepEqual(lastChanges(all, 0)[0]?.changes.length, 3);
    assert.deepEqual(lastChanges(all, 6)[0]?.changes, [at(5, "starting"), at(9, "running")]);
    assert.deepEqual(lastChanges(all, 100)[0]?.changes, [at(9, "running")]);
  });

  it("is nothing of an instance that was gone before", () => {
    const gone = timeline(at(1, "running"), at(5, "deleted"));
    assert.deepEqual([lastChanges(gone, 6), lastChanges(gone, 5).length, lastChanges(timeline(), 0)], [[], 1, []]);
  });

  it("is as long as needed, at most 10 minutes", () => {
    const minutesAgo = (minutes: number) => chooseWindow([timeline(at(0, "running"))], minutes * 60_000) / 60_000;
    assert.deepEqual([0, 1, 1.5, 4, 6, 60].map(minutesAgo), [1, 1, 2, 5, 10, 10]);
    assert.equal(chooseWindow([], 5), 60_000);
  });
});
