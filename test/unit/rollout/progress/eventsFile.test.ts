import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { RECORD_FIELDS, createEventsFile, toRecord } from "../../../../provider/rollout/progress/eventsFile";
import type { RolloutEvent } from "../../../../provider/rollout/events";

const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/unikernel:Service::web";
const origin = { rollout: "r1", service: "web", metro: "fra", urn };

describe("the file of rollout events", () => {
  let folder: string;
  let warnings: string[];
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "events-"));
    warnings = [];
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));
  const open = (name: string) => createEventsFile(path.join(folder, name), (sentence) => warnings.push(sentence));

  it("has one JSON object per line, with time, stack, project, service and metro", () => {
    const append = open("events.jsonl");
    const event = {
      phase: "ready",
      member: "web-1",
      digest: "sha256:ab",
      detail: 'a "b"\nc',
      elapsedMs: 12.6,
    } as const;
    append(toRecord(origin, event, Date.parse("2026-02-03T04:05:06.789Z")));
    append(toRecord({ rollout: "r2", service: "web", metro: "local" }, { phase: "done", elapsedMs: 20 }, 0));
    const lines = fs.readFileSync(path.join(folder, "events.jsonl"), "utf8").split("\n");
    assert.equal(lines.length, 3);
    assert.equal(lines[2], "");
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      time: "2026-02-03T04:05:06.789Z",
      stack: "prod",
      project: "shop",
      urn,
      rollout: "r1",
      metro: "fra",
      service: "web",
      phase: "ready",
      replica: "web-1",
      digest: "sha256:ab",
      detail: 'a "b"\nc',
      elapsedMs: 13,
    });
    assert.deepEqual(JSON.parse(lines[1] ?? ""), {
      time: "1970-01-01T00:00:00.000Z",
      rollout: "r2",
      metro: "local",
      service: "web",
      phase: "done",
      elapsedMs: 20,
    });
    assert.deepEqual(warnings, []);
  });

  it("has no members but those that are documented", () => {
    const event: Required<RolloutEvent> = {
      ...{ phase: "ready", member: "web-1", digest: "sha256:ab", operation: "rollout", strategy: "canary" },
      ...{ replicas: 3, ready: 1, step: 1, steps: 2, attempts: 1, detail: "1 of 3", elapsedMs: 1 },
    };
    const record = JSON.parse(toRecord(origin, event, 0)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(record).sort(), Object.keys(RECORD_FIELDS).sort());
  });

  it("is for its owner only when new, and keeps what it had", () => {
    open("new.jsonl")("{}\n");
    assert.equal(fs.statSync(path.join(folder, "new.jsonl")).mode & 0o777, 0o600);
    fs.writeFileSync(path.join(folder, "old.jsonl"), "before\n", { mode: 0o644 });
    open("old.jsonl")("{}\n");
    assert.equal(fs.readFileSync(path.join(folder, "old.jsonl"), "utf8"), "before\n{}\n");
    assert.equal(fs.statSync(path.join(folder, "old.jsonl")).mode & 0o777, 0o644);
  });

  it("warns once of a file that cannot be written, and never throws", () => {
    for (const [name, reason] of [
      ["none/events.jsonl", /ENOENT/],
      [".", /EISDIR/],
    ] as const) {
      warnings = [];
      const append = open(name);
      append("{}\n");
      append("{}\n");
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", reason);
    }
  });

  it("does not block on a pipe that nobody reads", () => {
    execFileSync("mkfifo", [path.join(folder, "pipe")]);
    open("pipe")("{}\n");
    assert.match(warnings[0] ?? "", /ENXIO/);
  });

  if (process.platform === "linux") {
    it("warns of a full disk", () => {
      createEventsFile("/dev/full", (sentence) => warnings.push(sentence))("{}\n");
      assert.match(warnings[0] ?? "", /'\/dev\/full': ENOSPC/);
    });
  }
});
