import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/api/models";
import { answers, isUp } from "../../../provider/api/wait";

const seen = (more: Partial<InstanceItem>): InstanceItem => ({ uuid: "u", name: "n", ...more });

describe("what an observation of an instance means", () => {
  it("running and standby are up", () => {
    assert.deepEqual(isUp(seen({ state: "running" })), { is: "met" });
    assert.deepEqual(isUp(seen({ state: "standby" })), { is: "met" });
  });

  it("up is not answering while the program listens on nothing; a node that does not say is believed", () => {
    assert.equal(answers(seen({ state: "running", net_time_us: 0 })).is, "pending");
    assert.equal(answers(seen({ state: "running", net_time_us: 1 })).is, "met");
    assert.equal(answers(seen({ state: "running" })).is, "met");
    assert.equal(answers(seen({ state: "standby", net_time_us: 0 })).is, "met");
  });

  it("stopped has failed, with the decoded reason", () => {
    assert.deepEqual(isUp(seen({ state: "stopped", stop_reason: 3, exit_code: 7 })), {
      is: "failed",
      because: "the program exited with code 7",
    });
  });

  it("one restart may still come good, a crash loop will not", () => {
    const crashed = { state: "stopped" as const, stop_reason: 3, exit_code: 1 };
    assert.equal(isUp(seen({ ...crashed, restart: { attempt: 1 } })).is, "pending");
    assert.deepEqual(isUp(seen({ ...crashed, restart: { attempt: 2 } })), {
      is: "failed",
      because: "the program exited with code 1, again after 2 restarts",
    });
    assert.equal(isUp(seen({ state: "starting", restart: { attempt: 3 } })).is, "failed");
  });
});
