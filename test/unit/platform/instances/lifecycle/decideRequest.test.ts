import assert from "node:assert/strict";
import { INSTANCE_STATES, type InstanceState } from "../../../../../provider/contract/models";
import {
  decideRequest,
  type InstanceRequest,
  type ActorState,
} from "../../../../../provider/platform/instances/lifecycle/decideRequest";

const ask = (
  state: InstanceState,
  request: InstanceRequest,
  pending: InstanceRequest[] = [],
  more: Omit<ActorState, "state"> = {},
): string => {
  const decision = decideRequest({ state, ...more }, new Set(pending), request);
  return decision.do === "deny" ? decision.reason : decision.do;
};

const OTHERS = ["start", "stop", "force-stop", "suspend", "convert-to-template", "wake", "sleep", "restart"] as const;

describe("the decision about a request", () => {
  it("starts a stopped instance and ignores a start of a running or starting one", () => {
    assert.equal(ask("stopped", "start"), "queue");
    assert.equal(ask("standby", "start"), "queue");
    for (const state of ["starting", "running"] as const) assert.equal(ask(state, "start"), "ignore");
    for (const pending of ["start", "wake", "restart"] as const)
      assert.equal(ask("stopped", "start", [pending]), "ignore");
  });

  it("rejects a start during a stop", () => {
    for (const state of ["draining", "stopping"] as const) assert.equal(ask(state, "start"), "STOP_PENDING");
    for (const pending of ["stop", "force-stop"] as const)
      assert.equal(ask("running", "start", [pending]), "STOP_PENDING");
  });

  it("stops a running or starting instance and ignores a stop of a stopped one", () => {
    for (const state of ["starting", "running", "draining", "standby"] as const)
      assert.equal(ask(state, "stop"), "queue");
    assert.equal(ask("stopped", "stop"), "ignore");
    assert.equal(ask("stopped", "stop", ["start"]), "queue");
    assert.equal(ask("stopped", "stop", [], { restartPending: true }), "queue");
  });

  it("lets a forced stop overtake a graceful one", () => {
    assert.equal(ask("stopping", "stop"), "ignore");
    assert.equal(ask("stopping", "force-stop"), "queue");
    assert.equal(ask("running", "force-stop", ["stop"]), "queue");
  });

  it("deletes in every state, once, and rejects everything afterwards", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(ask(state, "delete"), "queue");
      assert.equal(ask(state, "delete", ["delete"]), "ignore");
      for (const request of OTHERS) {
        assert.equal(ask(state, request, ["delete"]), "DELETE_PENDING");
      }
    }
  });

  it("goes to standby only from running and wakes only from standby", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(ask(state, "sleep"), state === "running" ? "queue" : "NOT_RUNNING");
      assert.equal(ask(state, "wake"), state === "standby" ? "queue" : "ignore");
    }
  });

  it("restarts only within a restart sequence", () => {
    assert.equal(ask("stopped", "restart", [], { restartPending: true }), "queue");
    assert.equal(ask("stopped", "restart"), "ignore");
    assert.equal(ask("running", "restart", [], { restartPending: true }), "ignore");
  });

  it("suspends a running instance, and ignores it when stopped, in standby or on its way there", () => {
    assert.equal(ask("running", "suspend"), "queue");
    assert.equal(ask("starting", "suspend"), "NOT_RUNNING");
    for (const state of ["stopped", "standby"] as const) assert.equal(ask(state, "suspend"), "ignore");
    for (const state of ["draining", "stopping"] as const) assert.equal(ask(state, "suspend"), "STOP_PENDING");
    assert.equal(ask("running", "suspend", ["stop"]), "STOP_PENDING");
    assert.equal(ask("draining", "suspend", [], { suspending: true }), "ignore");
    assert.equal(ask("stopping", "suspend", [], { goingToStandby: true }), "ignore");
    assert.equal(ask("stopped", "suspend", [], { restartPending: true }), "NOT_RUNNING");
  });

  it("starts and stops a suspended instance: stopped, but with a VM", () => {
    for (const request of ["start", "stop", "force-stop"] as const)
      assert.equal(ask("stopped", request, [], { suspended: true }), "queue");
  });

  it("converts any live instance to a template, and starts nothing meanwhile", () => {
    for (const state of INSTANCE_STATES) {
      const expected = state === "template" ? "ignore" : state === "checkpoint" ? "NEVER_RUNS" : "queue";
      assert.equal(ask(state, "convert-to-template"), expected);
    }
    assert.equal(ask("stopped", "start", ["convert-to-template"]), "STOP_PENDING");
    assert.equal(ask("standby", "wake", ["convert-to-template"]), "ignore");
  });

  it("never starts, stops or suspends a template or checkpoint", () => {
    for (const state of ["template", "checkpoint"] as const) {
      for (const request of ["start", "stop", "force-stop", "suspend"] as const)
        assert.equal(ask(state, request), "NEVER_RUNS");
    }
  });
});
