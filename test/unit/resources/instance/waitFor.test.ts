/** What counts as up: every way a run can go × each `waitFor`. */
import assert from "node:assert/strict";
import type { InstanceItem } from "../../../../provider/contract/models";
import { isCleanExit } from "../../../../provider/contract/codes";
import {
  NEVER_STARTED,
  type StartExpectation,
  judgeStart,
  judgeVanished,
  ranForMs,
} from "../../../../provider/resources/instance/waitFor";

const START = "2026-01-01T00:00:00.000Z";
/** RFC 3339 time so many milliseconds after the start. */
const after = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();
const BOOT_MS = 2_000;
const ran = (ms: number) => ({ boot_time_us: BOOT_MS * 1000, started_at: START, stopped_at: after(BOOT_MS + ms) });

const item = (more: Partial<InstanceItem>): InstanceItem => ({
  uuid: "u",
  name: "n",
  start_count: 1,
  restart_count: 0,
  started_at: START,
  ...more,
});
const stopped = (more: Partial<InstanceItem>): InstanceItem => item({ state: "stopped", ...more });
const exited = (code: number | undefined, ms: number) =>
  stopped({ ...ran(ms), stop_reason: 3, stop_code: 33024, ...(code === undefined ? {} : { exit_code: code }) });
const killed = (ms: number) => stopped({ ...ran(ms), stop_reason: 0, stop_code: 0 });
/** The guest could not run its program. */
const missing = stopped({
  boot_time_us: 0,
  started_at: START,
  stopped_at: after(60_000),
  stop_reason: 1,
  stop_code: 32513,
});

const WAITS = ["running", "answering", "completed"] as const;
const expecting = (waitFor: (typeof WAITS)[number], more: Partial<StartExpectation> = {}): StartExpectation => ({
  waitFor,
  stableForMs: 3_000,
  restartPolicy: "never",
  hasGate: false,
  isDeletedOnStop: false,
  before: NEVER_STARTED,
  ...more,
});

/** What happened → the verdicts for `running`, `answering` and `completed`. */
const TABLE: readonly (readonly [string, InstanceItem, readonly [string, string, string]])[] = [
  ["exit 0 at once", exited(0, 5), ["met", "failed", "met"]],
  ["exit 0 after a minute", exited(0, 60_000), ["met", "failed", "met"]],
  ["a clean end without a code", exited(undefined, 5), ["met", "failed", "met"]],
  ["exit 3 at once", exited(3, 5), ["failed", "failed", "failed"]],
  ["exit 1 after 1 s", exited(1, 1_000), ["failed", "failed", "failed"]],
  ["exit 1 just within stableForMs", exited(1, 2_999), ["failed", "failed", "failed"]],
  ["exit 1 right after stableForMs", exited(1, 3_000), ["met", "failed", "failed"]],
  ["killed", killed(5), ["failed", "failed", "failed"]],
  ["killed after a minute", killed(60_000), ["met", "failed", "failed"]],
  ["a missing executable", missing, ["failed", "failed", "failed"]],
  ["a crash", stopped({ ...ran(9), stop_reason: 1, stop_code: 32517 }), ["failed", "failed", "failed"]],
  ["stopped by a user", stopped({ ...ran(9), stop_reason: 15, exit_code: 0 }), ["failed", "failed", "failed"]],
  ["stopped without a time", stopped({ stop_reason: 3, exit_code: 1 }), ["failed", "failed", "failed"]],
  ["running", item({ state: "running" }), ["up", "up", "pending"]],
  ["running, listens on nothing", item({ state: "running", net_time_us: 0 }), ["up", "pending", "pending"]],
  ["in standby", item({ state: "standby" }), ["up", "up", "pending"]],
  ["starting", item({ state: "starting" }), ["pending", "pending", "pending"]],
  ["stopping", item({ state: "stopping" }), ["pending", "pending", "pending"]],
  ["not started yet", stopped({ start_count: 0 }), ["pending", "pending", "pending"]],
  ["turned into a template", item({ state: "template" }), ["failed", "failed", "failed"]],
  ["deleted", item({ state: "deleted" }), ["failed", "failed", "failed"]],
];

describe("the start of an instance", () => {
  for (const [what, seen, verdicts] of TABLE)
    it(`is judged by what the platform reports: ${what}`, () =>
      assert.deepEqual(
        WAITS.map((waitFor) => judgeStart(seen, expecting(waitFor)).outcome),
        verdicts,
      ));

  it("fails for a clean exit if the restart policy says that it should run", () => {
    const verdict = judgeStart(exited(0, 5), expecting("running", { restartPolicy: "on-failure" }));
    assert.deepEqual(verdict, { outcome: "failed", reason: "the program exited with code 0" });
  });

  it("is judged by the run that was asked for, not by an earlier one", () => {
    const before = { starts: 1, restarts: 0 };
    for (const earlier of [exited(0, 5), exited(3, 5)])
      for (const waitFor of WAITS)
        assert.equal(judgeStart(earlier, expecting(waitFor, { before })).outcome, "pending", waitFor);
    assert.equal(judgeStart({ ...exited(0, 5), start_count: 2 }, expecting("completed", { before })).outcome, "met");
  });

  it("is up with a gate once that has passed, and failed once the metro has given up", () => {
    const probed = (state: "waiting" | "passed" | "failed") =>
      judgeStart(
        item({ state: "running", readiness: { state, reason: "/ready returned HTTP 503", attempts: 3 } }),
        expecting("running", { hasGate: true }),
      );
    assert.deepEqual(probed("waiting"), { outcome: "pending", reason: "/ready returned HTTP 503" });
    assert.deepEqual(probed("passed"), { outcome: "up" });
    assert.deepEqual(probed("failed"), {
      outcome: "failed",
      reason: "/ready returned HTTP 503 (attempt 3 of its probe)",
    });
  });

  it("may need one restart, or as many as there is time for if it is a job", () => {
    const again = (attempt: number) => ({ ...exited(1, 5), restart: { attempt }, restart_count: attempt - 1 });
    const verdicts = [1, 2, 3].map((attempt) =>
      WAITS.map((waitFor) => judgeStart(again(attempt), expecting(waitFor, { restartPolicy: "on-failure" })).outcome),
    );
    assert.deepEqual(verdicts, [
      ["pending", "pending", "pending"],
      ["failed", "failed", "pending"],
      ["failed", "failed", "pending"],
    ]);
    const verdict = judgeStart(again(2), expecting("running", { restartPolicy: "on-failure" }));
    assert.equal(
      verdict.outcome === "failed" && verdict.reason,
      "the program exited with code 1, again after 2 restarts",
    );
    const successor = judgeStart({ ...again(1), addresses: "awaited" }, expecting("running"));
    assert.deepEqual(successor, { outcome: "failed", reason: "the program exited with code 1" });
    const stable = { ...again(2), ...ran(3_000) };
    assert.equal(judgeStart(stable, expecting("running", { restartPolicy: "always" })).outcome, "met");
  });

  it("is not judged by how it ended if the end deletes it, since that is seen or not", () => {
    const gone = { isDeletedOnStop: true };
    for (const seen of [exited(0, 5), exited(3, 5), killed(5), item({ state: "deleted" })]) {
      assert.equal(judgeStart(seen, expecting("running", gone)).outcome, "met");
      assert.equal(judgeStart(seen, expecting("answering", gone)).outcome, "failed");
    }
    assert.equal(judgeVanished(expecting("running", gone)).outcome, "met");
  });
});

describe("the time for which a program ran", () => {
  it("is that between start and stop without the boot, by the platform's clock", () => {
    assert.equal(ranForMs(exited(1, 1_234)), 1_234);
    assert.equal(ranForMs(missing), undefined, "it never ran");
    assert.equal(ranForMs(stopped({ stopped_at: after(7) })), 7, "a node that does not report the boot");
    assert.equal(ranForMs(stopped({})), undefined);
  });
});

describe("a clean exit", () => {
  it("is an end by the program itself, with code 0 or none", () => {
    const clean = { stop_reason: 3, stop_code: 33024 };
    for (const facts of [clean, { ...clean, exit_code: 0 }, { stop_reason: 3 }]) assert.equal(isCleanExit(facts), true);
    for (const facts of [
      { ...clean, exit_code: 1 },
      { ...clean, stop_code: 32517 },
      { stop_reason: 1 },
      { stop_reason: 0 },
      { stop_reason: 7, exit_code: 0 },
      { stop_reason: 15, exit_code: 0 },
      { stop_reason: 39, exit_code: 0 },
      {},
    ])
      assert.equal(isCleanExit(facts), false, JSON.stringify(facts));
  });
});
