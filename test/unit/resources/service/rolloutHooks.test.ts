import assert from "node:assert/strict";
import type { ReadinessProbe, ServiceItem } from "../../../../provider/contract/models";
import { exclusiveVolume } from "../../../../provider/resources/service/rollout/policy";
import { rolloutHooks } from "../../../../provider/resources/service/rolloutHooks";
import type { RolloutPolicy } from "../../../../provider/rollout/policy";
import { CandidateCloud } from "../../../support/candidateCloud";

const IMAGE = `oci://registry.test/web@sha256:${"1".repeat(64)}`;
const GATE: ReadinessProbe = { http: { port: 8080, path: "/ready" }, failure_threshold: 1 };

describe("the hooks of a service's rollout", () => {
  let cloud: CandidateCloud;
  let lines: string[];
  let warnings: string[];
  beforeEach(async () => {
    cloud = await CandidateCloud.start({ fqdn: "web.localhost" });
    [lines, warnings] = [[], []];
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const hooksOf = (
    gate: ReadinessProbe | undefined,
    features: readonly string[] = [],
    volumes: readonly { readonly volume: string; readonly at: string; readonly readonly: boolean }[] = [],
    sharedVolumes = false,
  ) => {
    const context = {
      ...cloud.api.context,
      client: cloud.client,
      printProgress: (line: string) => lines.push(line),
      printWarning: (line: string) => warnings.push(line),
    };
    const services = [{ port: cloud.port, destination_port: 8080, handlers: ["http"] }];
    const item = { status: "success", uuid: "u1", name: "web", services } as ServiceItem;
    const policy = { gate, healthyWithinMs: 10_000, stableForMs: 0 } as RolloutPolicy;
    const createRequest = () => ({ name: "web-1", image: IMAGE, autostart: true });
    const reportConsole = () => Promise.resolve("Printed.");
    const checkStop = () => Promise.resolve();
    const rollout = { policy, features: new Set(features), isNew: () => true, createRequest, reportConsole, checkStop };
    const volume = exclusiveVolume({ volumes: [...volumes] }, { sharedVolumes });
    return rolloutHooks(context, item, rollout as Parameters<typeof rolloutHooks>[2], volume);
  };

  it("launch a candidate where members cannot be gated, and print its steps", async () => {
    await hooksOf(GATE).passCandidate?.();
    assert.equal(cloud.requests.length, 1);
    assert.deepEqual(
      lines.map((line) => line.replace(/candidate-\w+( \(sha256:1+\))?/, "C").replace(/ \([^)]*\)$/, "")),
      [
        "Service 'web': web-C launched: a candidate, outside of service 'web'",
        "Service 'web': web-C ready: the candidate passed the gate at attempt 1",
        "Service 'web': web-C removed: the candidate",
      ],
    );
    assert.deepEqual(warnings, []);
  });

  it("fail with what the candidate failed with", async () => {
    cloud.answer = () => ({ status: 500 });
    await assert.rejects(
      async () => hooksOf(GATE).passCandidate?.(),
      /did not pass the gate: \/ready returned HTTP 500/,
    );
  });

  it("need no candidate where members are gated, and without a gate", () => {
    assert.equal(hooksOf(GATE, ["readiness-probe"]).passCandidate, undefined);
    assert.equal(hooksOf(undefined).passCandidate, undefined);
  });

  it("say that a gate is not probed, if a candidate cannot have the volume", async () => {
    const volumes = [{ volume: "data", at: "/data", readonly: false }];
    await hooksOf(GATE, [], volumes).passCandidate?.();
    assert.match(warnings.join(), /^The gate of service 'web' is not probed: .* volume .* The metro decides/);
    assert.equal(cloud.api.calls.length, 0);
    for (const [mounts, shared] of [
      [volumes.map((mount) => ({ ...mount, readonly: true })), false],
      [volumes, true],
    ] as const) {
      warnings = [];
      await hooksOf(GATE, [], [...mounts], shared).passCandidate?.();
      assert.deepEqual(warnings, []);
    }
    assert.equal(cloud.requests.length, 2);
  });

  it("warn of a cooldown that is shorter than the measured load time", () => {
    const hooks = hooksOf(undefined);
    hooks.onEvent({ phase: "launched", member: "web-1", elapsedMs: 100 });
    hooks.onEvent({ phase: "ready", member: "web-1", elapsedMs: 3_600 });
    hooks.warnOfShortCooldown({ scaleToZero: { policy: "on", cooldownTimeMs: 5_000 } });
    assert.deepEqual(warnings, []);
    hooks.warnOfShortCooldown({ scaleToZero: { policy: "on", cooldownTimeMs: 2_000 } });
    assert.match(warnings.join(), /cooldownTimeMs is 2,000 ms, and replica 'web-1' took 3,500 ms/);
  });
});
