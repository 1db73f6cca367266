import assert from "node:assert/strict";
import type { InstanceItem } from "../../../provider/contract/models";
import type { Client } from "../../../provider/client/client";
import { systemClock } from "../../../provider/base/clock";
import { UnikernelError } from "../../../provider/base/errors";
import { timeoutError } from "../../../provider/base/timeout";
import { FakeTimeouts } from "../../support/resourceContext";
import {
  assessReadiness,
  guestStoppedError,
  assessLiveness,
  waitForInstance,
  waitUntilStopped,
} from "../../../provider/client/waitForInstance";

const instance = (more: Partial<InstanceItem>): InstanceItem => ({ uuid: "u", name: "n", ...more });

describe("the assessment of an observed instance", () => {
  it("is up for running and standby", () => {
    assert.deepEqual(assessLiveness(instance({ state: "running" })), { outcome: "met" });
    assert.deepEqual(assessLiveness(instance({ state: "standby" })), { outcome: "met" });
  });

  it("is not ready while nothing listens, unless the node does not report it", () => {
    assert.equal(assessReadiness(instance({ state: "running", net_time_us: 0 })).outcome, "pending");
    assert.equal(assessReadiness(instance({ state: "running", net_time_us: 1 })).outcome, "met");
    assert.equal(assessReadiness(instance({ state: "running" })).outcome, "met");
    assert.equal(assessReadiness(instance({ state: "standby", net_time_us: 0 })).outcome, "met");
  });

  it("is not ready before its readiness probe has passed, and failed once that has failed", () => {
    const probed = (readiness: InstanceItem["readiness"], more: Partial<InstanceItem> = {}) =>
      assessReadiness(instance({ state: "running", net_time_us: 1, readiness, ...more }));
    const reason = "/hello returned HTTP 404";
    assert.deepEqual(probed({ state: "waiting", reason, attempts: 3 }), { outcome: "pending", reason });
    assert.equal(probed({ state: "waiting" }).outcome, "pending");
    assert.equal(probed({ state: "passed", attempts: 4 }).outcome, "met");
    assert.deepEqual(probed({ state: "failed", reason, attempts: 9 }), {
      outcome: "failed",
      reason: "/hello returned HTTP 404 (attempt 9 of its probe)",
    });
    assert.equal(probed({ state: "failed", reason }, { state: "standby" }).outcome, "met");
    assert.equal(probed({ state: "failed", reason }, { state: "stopped" }).outcome, "failed");
  });

  it("is failed for stopped, with the decoded reason", () => {
    assert.deepEqual(assessLiveness(instance({ state: "stopped", stop_reason: 3, exit_code: 7 })), {
      outcome: "failed",
      reason: "the program exited with code 7",
    });
  });

  it("tolerates one restart but not a crash loop", () => {
    const crashed = { state: "stopped" as const, stop_reason: 3, exit_code: 1 };
    assert.equal(assessLiveness(instance({ ...crashed, restart: { attempt: 1 } })).outcome, "pending");
    assert.deepEqual(assessLiveness(instance({ ...crashed, restart: { attempt: 2 } })), {
      outcome: "failed",
      reason: "the program exited with code 1, again after 2 restarts",
    });
    assert.equal(assessLiveness(instance({ state: "starting", restart: { attempt: 3 } })).outcome, "failed");
  });
});

describe("waiting for an instance", () => {
  it("does not poll faster if the server returns every wait at once", async () => {
    let [requests, nowMs] = [0, 0];
    const respond = () => {
      if (++requests > 10_000) throw new Error("the wait does not end");
      return Promise.resolve({ items: [instance({ status: "success", state: "starting" })] });
    };
    const client = { metro: "fra", getInstances: respond, waitInstances: respond } as unknown as Client;
    const timeouts = new FakeTimeouts({ now: () => nowMs, sleep: (ms) => Promise.resolve(void (nowMs += ms)) });
    const { clock } = timeouts;
    const signal = timeouts.create(60_000, "Waiting");
    await assert.rejects(waitForInstance(client, "u", assessLiveness, { clock, signal }), (e) => {
      assert.ok(UnikernelError.has(e, "WAIT_TIMEOUT"), String(e));
      assert.match(e.message, /^Instance 'n' was not ready after 60 s: its state is 'starting'\.$/);
      return true;
    });
    assert.ok(requests < 200, `${requests} requests in a minute`);
  });

  it("reports what it waited for if a request is still pending at the timeout", async () => {
    const controller = new AbortController();
    const reads = [() => Promise.resolve({ items: [instance({ status: "success", state: "starting" })] })];
    const pending = (_request: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        controller.abort(timeoutError(5_000, "Creating"));
        signal.throwIfAborted();
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    const client = {
      metro: "fra",
      getInstances: (...call: Parameters<typeof pending>) => reads.pop()?.() ?? pending(...call),
      waitInstances: pending,
    } as unknown as Client;
    const waiting = waitForInstance(client, "u", assessLiveness, { clock: systemClock, signal: controller.signal });
    await assert.rejects(waiting, /Instance 'n' was not ready after 5 s: its state is 'starting'/);
    const stopping = waitUntilStopped(client, "u", { clock: systemClock, signal: controller.signal });
    await assert.rejects(stopping, /Instance 'u' did not stop within 0 s/);
  });

  it("rejects with the reason of a cancellation, which is not a timeout", async () => {
    const controller = new AbortController();
    const client = { metro: "fra", getInstances: () => Promise.reject(controller.signal.reason as Error) };
    controller.abort(new Error("cancelled"));
    const options = { clock: systemClock, signal: controller.signal };
    await assert.rejects(
      waitForInstance(client as unknown as Client, "u", assessLiveness, options),
      /^Error: cancelled$/,
    );
  });
});

describe("the error of a stopped guest", () => {
  it("gives reason, code and the command that shows the console log", () => {
    const stopped = instance({ name: "job", stop_reason: 3, stop_code: 33024, exit_code: 3 });
    const { code, message, hint, details } = guestStoppedError(stopped, "the program exited with code 3", "fra");
    assert.deepEqual(
      [code, message, details["exit_code"], details["stop_reason"]],
      ["GUEST_STOPPED", "Instance 'job' stopped: the program exited with code 3.", 3, 3],
    );
    assert.match(hint ?? "", /^'npx unikernel logs job --metro fra' shows its console log\. /);
  });
});
