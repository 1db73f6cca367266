import assert from "node:assert/strict";
import { INSTANCE_STATES, type InstanceState } from "../../../provider/api/models";
import { decide, type InstanceRequest } from "../../../provider/platform/instance/decide";

const ask = (
  state: InstanceState,
  request: InstanceRequest,
  pending: InstanceRequest[] = [],
  restarting = false,
): string => {
  const decision = decide(state, restarting, new Set(pending), request);
  return decision.do === "deny" ? decision.reason : decision.do;
};

describe("whether an instance accepts a request", () => {
  it("starts what is down and ignores a start of what is up or on its way", () => {
    assert.equal(ask("stopped", "start"), "queue");
    assert.equal(ask("standby", "start"), "queue");
    for (const state of ["starting", "running"] as const) assert.equal(ask(state, "start"), "ignore");
    for (const pending of ["start", "wake", "restart"] as const)
      assert.equal(ask("stopped", "start", [pending]), "ignore");
  });

  it("denies a start while a stop is under way, accepted or begun", () => {
    for (const state of ["draining", "stopping"] as const) assert.equal(ask(state, "start"), "STOP_PENDING");
    for (const pending of ["stop", "force-stop"] as const)
      assert.equal(ask("running", "start", [pending]), "STOP_PENDING");
  });

  it("stops whatever is up or will be, and ignores a stop of what is down", () => {
    for (const state of ["starting", "running", "draining", "standby"] as const)
      assert.equal(ask(state, "stop"), "queue");
    assert.equal(ask("stopped", "stop"), "ignore");
    assert.equal(ask("stopped", "stop", ["start"]), "queue");
    assert.equal(ask("stopped", "stop", [], true), "queue");
  });

  it("lets a forced stop overtake a gentle one", () => {
    assert.equal(ask("stopping", "stop"), "ignore");
    assert.equal(ask("stopping", "force-stop"), "queue");
    assert.equal(ask("running", "force-stop", ["stop"]), "queue");
  });

  it("deletes in every state, once, and accepts nothing else afterwards", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(ask(state, "delete"), "queue");
      assert.equal(ask(state, "delete", ["delete"]), "ignore");
      for (const request of ["start", "stop", "force-stop", "wake", "sleep", "restart"] as const) {
        assert.equal(ask(state, request, ["delete"]), "DELETE_PENDING");
      }
    }
  });

  it("sleeps only while it runs and wakes only from standby", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(ask(state, "sleep"), state === "running" ? "queue" : "NOT_RUNNING");
      assert.equal(ask(state, "wake"), state === "standby" ? "queue" : "ignore");
    }
  });

  it("restarts only within a restart sequence", () => {
    assert.equal(ask("stopped", "restart", [], true), "queue");
    assert.equal(ask("stopped", "restart", [], false), "ignore");
    assert.equal(ask("running", "restart", [], true), "ignore");
  });
});
