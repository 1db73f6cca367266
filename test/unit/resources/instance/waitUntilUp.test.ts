/** Waiting for a start against a fake API, on a test's clock. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import type { InstanceItem } from "../../../../provider/contract/models";
import { check } from "../../../../provider/definition/check";
import type { ProviderContext } from "../../../../provider/resources/context";
import type { InstanceInputs } from "../../../../provider/resources/instance/inputs";
import { instance } from "../../../../provider/resources/instance/resource";
import { NEVER_STARTED } from "../../../../provider/resources/instance/waitFor";
import { waitUntilUp } from "../../../../provider/resources/instance/waitUntilUp";
import { type TestContext, contextWithResponses } from "../../../support/resourceContext";

const NOT_FOUND = { status: "error", error: 8, message: "No instance" };
type Seen = Partial<InstanceItem> | "gone";

/** Waits for a new instance that is seen as `life` says, in milliseconds since the wait began. */
async function waiting(given: object, life: (ms: number) => Seen) {
  const printed: string[] = [];
  const asked: number[] = [];
  const made = { uuid: "u", name: "n" };
  const responses: TestContext = contextWithResponses({
    getInstances: () => {
      asked.push(responses.clock.now());
      const seen = life(responses.clock.now());
      return seen === "gone" ? NOT_FOUND : { status: "success", ...made, start_count: 1, restart_count: 0, ...seen };
    },
    waitInstances: () => ({ status: "success", ...made }),
    getInstanceLogs: () => ({ output: Buffer.from("words of the guest").toString("base64") }),
  });
  const timeoutMs = 60_000;
  const context: ProviderContext = {
    ...responses,
    metro: "fra",
    printProgress: (line) => void printed.push(line),
    signal: responses.createTimeout(timeoutMs, "Creating"),
  };
  const { inputs } = await check(instance, {}, { name: "n", image: "i", ...given });
  const outcome = await waitUntilUp(context, {
    item: made as InstanceItem,
    inputs: inputs as InstanceInputs,
    before: NEVER_STARTED,
    isNew: true,
    secretInputs: [],
  }).then(
    ({ state }) => String(state),
    (error: unknown) => (UnikernelError.is(error) ? `${error.code}: ${error.message}` : String(error)),
  );
  return { outcome, tookMs: responses.clock.now(), printed, requests: asked.length };
}

const RUNNING: Seen = { state: "running" };
const START = "2026-01-01T00:00:00.000Z";
const after = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();
/** An end by itself so many milliseconds after the start, with this code. */
const exited = (ms: number, code: number): Seen => ({
  state: "stopped",
  stop_reason: 3,
  stop_code: 33024,
  exit_code: code,
  started_at: START,
  stopped_at: after(ms),
});

describe("waiting for a start", () => {
  it("takes stableForMs from when it is seen up, and few requests", async () => {
    const { outcome, tookMs, requests, printed } = await waiting({}, () => RUNNING);
    assert.deepEqual([outcome, tookMs, printed], ["running", 3_000, []]);
    assert.ok(requests <= 5, `${requests} requests`);
    assert.equal((await waiting({ stableForMs: 0 }, () => RUNNING)).tookMs, 0);
  });

  // Whenever it is looked at first: before, at and after its end.
  for (const delayMs of [0, 900, 1_000, 2_999, 3_000, 30_000])
    it(`fails for a program that ends with code 1 after a second, first seen after ${delayMs} ms`, async () => {
      const { outcome, printed } = await waiting({}, (ms) => {
        if (ms < delayMs) return { state: "starting" };
        return Math.max(ms, delayMs) < 1_000 ? RUNNING : exited(1_000, 1);
      });
      assert.equal(outcome, "GUEST_STOPPED: Instance 'n' stopped: the program exited with code 1.");
      assert.deepEqual(printed, ["Last console lines of instance 'n':\n  | words of the guest"]);
    });

  it("succeeds for a failure after stableForMs, whether it was seen before or not", async () => {
    for (const delayMs of [0, 10_000]) {
      const life = (ms: number): Seen =>
        ms < delayMs ? { state: "starting" } : Math.max(ms, delayMs) < 3_001 ? RUNNING : exited(3_001, 1);
      const { outcome } = await waiting({}, life);
      assert.equal(outcome, delayMs === 0 ? "running" : "stopped");
    }
  });

  it("begins anew after a restart", async () => {
    const life = (ms: number): Seen => ({ state: "running", restart_count: ms < 2_000 ? 0 : 1 });
    const { outcome, tookMs } = await waiting({ restartPolicy: "on-failure" }, life);
    assert.equal(outcome, "running");
    assert.ok(tookMs >= 5_000 && tookMs <= 6_000, `${tookMs} ms`);
  });

  it("waits for a job to end, and for no longer than it may", async () => {
    const job = { waitFor: "completed" };
    const ended = await waiting(job, (ms) => (ms < 20_000 ? RUNNING : exited(20_000, 0)));
    assert.equal(ended.outcome, "stopped");
    assert.ok(ended.tookMs >= 20_000 && ended.tookMs <= 21_000, `${ended.tookMs} ms`);
    assert.match((await waiting(job, () => exited(9, 3))).outcome, /^GUEST_STOPPED: .* exited with code 3\.$/);
    assert.match(
      (await waiting(job, () => RUNNING)).outcome,
      /^WAIT_TIMEOUT: Instance 'n' had not completed after 60 s: its program still runs, and waitFor is "completed"\.$/,
    );
  });

  it("succeeds for what its end deletes, seen or not, and says that nobody knows how it ended", async () => {
    const given = { features: ["delete-on-stop"] };
    const lives: ((ms: number) => Seen)[] = [
      () => "gone",
      (ms) => (ms < 500 ? RUNNING : "gone"),
      (ms) => (ms < 500 ? RUNNING : ms < 1_000 ? exited(500, 1) : "gone"),
      () => exited(0, 1),
    ];
    for (const life of lives) {
      const { outcome, tookMs, printed } = await waiting(given, life);
      assert.deepEqual([outcome, printed.length], ["deleted", 1]);
      assert.match(printed[0] ?? "", /whether it succeeded is not known/);
      assert.ok(tookMs <= 4_000, `${tookMs} ms`);
    }
    assert.equal((await waiting(given, () => RUNNING)).outcome, "running");
    assert.match((await waiting({}, (ms) => (ms < 500 ? RUNNING : "gone"))).outcome, /^NOT_FOUND/);
  });
});
