import assert from "node:assert/strict";
import { INSTANCE_STATES, type InstanceState } from "../../../../../provider/contract/models";
import {
  decideRequest,
  type InstanceRequest,
  type ActorState,
} from "../../../../../provider/platform/instances/lifecycle/decideRequest";

const decide = (
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
    assert.equal(decide("stopped", "start"), "queue");
    assert.equal(decide("standby", "start"), "queue");
    for (const state of ["starting", "running"] as const) assert.equal(decide(state, "start"), "ignore");
    for (const pending of ["start", "wake", "restart"] as const)
      assert.equal(decide("stopped", "start", [pending]), "ignore");
  });

  it("rejects a start during a stop", () => {
    for (const state of ["draining", "stopping"] as const) assert.equal(decide(state, "start"), "STOP_PENDING");
    for (const pending of ["stop", "force-stop"] as const)
      assert.equal(decide("running", "start", [pending]), "STOP_PENDING");
  });

  it("stops a running or starting instance and ignores a stop of a stopped one", () => {
    for (const state of ["starting", "running", "draining", "standby"] as const)
      assert.equal(decide(state, "stop"), "queue");
    assert.equal(decide("stopped", "stop"), "ignore");
    assert.equal(decide("stopped", "stop", ["start"]), "queue");
    assert.equal(decide("stopped", "stop", [], { restartPending: true }), "queue");
  });

  it("lets a forced stop overtake a graceful one", () => {
    assert.equal(decide("stopping", "stop"), "ignore");
    assert.equal(decide("stopping", "force-stop"), "queue");
    assert.equal(decide("running", "force-stop", ["stop"]), "queue");
  });

  it("deletes in every state, once, and rejects everything afterwards", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(decide(state, "delete"), "queue");
      assert.equal(decide(state, "delete", ["delete"]), "ignore");
      for (const request of OTHERS) {
        assert.equal(decide(state, request, ["delete"]), "DELETE_PENDING");
      }
    }
  });

  it("goes to standby only from running and wakes only from standby", () => {
    for (const state of INSTANCE_STATES) {
      assert.equal(decide(state, "sleep"), state === "running" ? "queue" : "NOT_RUNNING");
      assert.equal(decide(state, "wake"), state === "standby" ? "queue" : "ignore");
    }
  });

  it("restarts only within a restart sequence", () => {
    assert.equal(decide("stopped", "restart", [], { restartPending: true }), "queue");
    assert.equal(decide("stopped", "restart"), "ignore");
    assert.equal(decide("running", "restart", [], { restartPending: true }), "ignore");
  });

  it("suspends a running instance, and ignores it when stopped, in standby or on its way there", () => {
    assert.equal(decide("running", "suspend"), "queue");
    assert.equal(decide("starting", "suspend"), "NOT_RUNNING");
    for (const state of ["stopped", "standby"] as const) assert.equal(decide(state, "suspend"), "ignore");
    for (const state of ["draining", "stopping"] as const) assert.equal(decide(state, "suspend"), "STOP_PENDING");
    assert.equal(decide("running", "suspend", ["stop"]), "STOP_PENDING");
    assert.equal(decide("draining", "suspend", [], { suspending: true }), "ignore");
    assert.equal(decide("stopping", "suspend", [], { goingToStandby: true }), "ignore");
    assert.equal(decide("stopped", "suspend", [], { restartPending: true }), "NOT_RUNNING");
  });

  it("starts and stops a suspended instance: stopped, but with a VM", () => {
    for (const request of ["start", "stop", "force-stop"] as const)
      assert.equal(decide("stopped", request, [], { suspended: true }), "queue");
  });

  it("pauses an instance again only while it sleeps, whatever follows", () => {
    for (const state of INSTANCE_STATES)
      assert.equal(decide(state, "pause"), state === "standby" ? "queue" : "ignore", state);
    assert.equal(decide("stopped", "pause", [], { suspended: true }), "queue");
    assert.equal(decide("standby", "pause", ["wake"]), "queue");
    assert.equal(decide("standby", "pause", ["pause"]), "ignore");
  });

  it("converts any live instance to a template, and starts nothing meanwhile", () => {
    for (const state of INSTANCE_STATES) {
      const expected = state === "template" ? "ignore" : state === "checkpoint" ? "NEVER_RUNS" : "queue";
      assert.equal(decide(state, "convert-to-template"), expected);
    }
    assert.equal(decide("stopped", "start", ["convert-to-template"]), "STOP_PENDING");
    assert.equal(decide("standby", "wake", ["convert-to-template"]), "ignore");
  });

  it("never starts, stops or suspends a template or checkpoint", () => {
    for (const state of ["template", "checkpoint"] as const) {
      for (const request of ["start", "stop", "force-stop", "suspend"] as const)
        assert.equal(decide(state, request), "NEVER_RUNS");
    }
  });
});
