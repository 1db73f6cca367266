import assert from "node:assert/strict";
import { createProgressReporter } from "../../../../provider/rollout/progress/reporter";
import { formatElapsed, formatEvent, shortDigest } from "../../../../provider/rollout/progress/line";
import type { RolloutEvent } from "../../../../provider/rollout/events";

const digest = `sha256:0123456789abcdef${"0".repeat(48)}`;

/** Reports the events; returns the printed lines and the recorded events. */
function report(isCompact: boolean, events: readonly RolloutEvent[]) {
  const lines: string[] = [];
  const recorded: RolloutEvent[] = [];
  const onEvent = createProgressReporter({
    service: "web",
    isCompact,
    print: (line) => lines.push(line),
    record: (event) => recorded.push(event),
  });
  for (const event of events) onEvent(event);
  return { lines, recorded };
}

describe("the progress of a rollout", () => {
  it("has the member, its digest, the phase, the detail and the time in one line", () => {
    const { lines } = report(false, [
      { phase: "started", detail: "rolling, 3 members", elapsedMs: 0 },
      { phase: "launched", member: "web-4f2a1", digest, elapsedMs: 240 },
      { phase: "draining", member: "web-9c3b7", detail: "12 connections\n  open", elapsedMs: 61_400 },
      { phase: "done", elapsedMs: 3_725_000 },
    ]);
    assert.deepEqual(lines, [
      "Service 'web': rollout started: rolling, 3 members (0.0 s)",
      "Service 'web': web-4f2a1 (sha256:0123456789ab) launched (0.2 s)",
      "Service 'web': web-9c3b7 draining: 12 connections open (1 min 1 s)",
      "Service 'web': rollout done (62 min 5 s)",
    ]);
  });

  it("says what a member waits for each 30 s, and not more often", () => {
    const waits = Array.from({ length: 500 }, (_, i) => ({
      phase: "waiting" as const,
      member: "web-1",
      detail: `/ready returned HTTP 503, attempt ${i}`,
      elapsedMs: 1_000 + i * 200,
    }));
    const { lines, recorded } = report(false, [
      { phase: "launched", member: "web-1", elapsedMs: 1_000 },
      ...waits,
      { phase: "ready", member: "web-1", elapsedMs: 101_000 },
    ]);
    assert.deepEqual(
      recorded.map(({ phase, elapsedMs }) => `${phase} ${elapsedMs}`),
      ["launched 1000", "waiting 31000", "waiting 61000", "waiting 91000", "ready 101000"],
    );
    assert.equal(lines[1], "Service 'web': web-1 waiting: /ready returned HTTP 503, attempt 150 (31.0 s)");
    assert.equal(lines.length, recorded.length);
  });

  it("says of the gate's first failure at once, and of the next ones each 30 s", () => {
    const wait = (elapsedMs: number, attempts?: number) => ({
      ...{ phase: "waiting" as const, member: "web-1", detail: "/ready returned HTTP 503", elapsedMs },
      ...(attempts === undefined ? {} : { attempts }),
    });
    const { recorded } = report(false, [
      { phase: "launched", member: "web-1", elapsedMs: 0 },
      wait(500),
      wait(1_000, 1),
      wait(2_000, 2),
      wait(31_000, 3),
      { phase: "restarting", member: "web-1", elapsedMs: 32_000 },
      wait(33_000, 1),
      wait(34_000, 2),
    ]);
    assert.deepEqual(
      recorded.map(({ phase, elapsedMs }) => `${phase} ${elapsedMs}`),
      ["launched 0", "waiting 1000", "waiting 31000", "restarting 32000", "waiting 33000"],
    );
  });

  it("names what is done to the service as a whole, and that it did not end well", () => {
    const line = (event: Omit<RolloutEvent, "elapsedMs">) => formatEvent("web", { ...event, elapsedMs: 0 });
    assert.deepEqual(
      [
        line({ phase: "started", operation: "scaling", detail: "from 3 to 2 replicas" }),
        line({ phase: "rolledBack", detail: "2 old replicas serving as before." }),
        line({ phase: "stopped", operation: "rollout", detail: "it was cancelled" }),
        line({ phase: "failed", member: "web-1", detail: "the program exited with code 3" }),
        line({ phase: "admitted", member: "web-1" }),
      ].map((text) => text.slice("Service 'web': ".length, -" (0.0 s)".length)),
      [
        "scaling started: from 3 to 2 replicas",
        "rollout rolled back: 2 old replicas serving as before",
        "rollout stopped: it was cancelled",
        "web-1 failed: the program exited with code 3",
        "web-1 gets connections",
      ],
    );
  });

  it("does not let one member's events hide another's wait", () => {
    const { recorded } = report(false, [
      { phase: "launched", member: "a", elapsedMs: 0 },
      { phase: "launched", member: "b", elapsedMs: 29_000 },
      { phase: "waiting", member: "a", elapsedMs: 30_000 },
      { phase: "waiting", member: "b", elapsedMs: 30_000 },
    ]);
    assert.deepEqual(
      recorded.map(({ member }) => member),
      ["a", "b", "a"],
    );
  });

  it("prints in CI one line per change of a member's phase, and records all", () => {
    const wait = (elapsedMs: number) => ({ phase: "waiting" as const, member: "web-1", detail: "refused", elapsedMs });
    const { lines, recorded } = report(true, [
      { phase: "launched", member: "web-1", elapsedMs: 0 },
      wait(30_000),
      { phase: "launched", member: "web-2", elapsedMs: 40_000 },
      wait(60_000),
      wait(90_000),
      { phase: "ready", member: "web-1", elapsedMs: 91_000 },
    ]);
    assert.deepEqual(
      lines.map((line) => line.replace(/^Service 'web': | \(.*/g, "")),
      ["web-1 launched", "web-1 waiting: refused", "web-2 launched", "web-1 ready"],
    );
    assert.equal(recorded.length, 6);
  });

  it("shortens digests and nothing else", () => {
    assert.equal(shortDigest(digest), "sha256:0123456789ab");
    assert.equal(shortDigest("sha256:0123"), "sha256:0123");
    assert.equal(shortDigest("(none)"), "(none)");
  });

  it("counts time without a 60th second", () => {
    assert.deepEqual([59_949, 59_950, 60_000, 119_600, -5].map(formatElapsed), [
      "59.9 s",
      "1 min 0 s",
      "1 min 0 s",
      "2 min 0 s",
      "0.0 s",
    ]);
    assert.equal(
      formatEvent("web", { phase: "done", detail: "", elapsedMs: 1 }),
      "Service 'web': rollout done (0.0 s)",
    );
  });
});
