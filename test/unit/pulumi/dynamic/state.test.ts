import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { migrate } from "../../../../provider/definition/migrate";
import { PENDING_START_KEY } from "../../../../provider/definition/initFailed";
import { inputsFromState, toState, preservedOnRefresh } from "../../../../provider/pulumi/dynamic/state";
import { type ResourceKind, resourceOf } from "../../../../provider/resources/all";
import { fingerprint } from "../../../../provider/resources/workload/request";

/** Programs with the states that the previous release wrote for them. */
const FORMER: readonly (readonly [kind: ResourceKind, program: object, state: object])[] = [
  [
    "Instance",
    { name: "web", image: "a", env: { A: "b" }, volumes: [{ volume: "v", at: "/data" }] },
    {
      name: "web",
      image: "a",
      env: { A: "b" },
      memoryMb: 128,
      vcpus: 1,
      volumes: [{ volume: "v", at: "/data", readonly: false }],
      restartPolicy: "never",
      digest: "",
      state: "running",
      privateIp: "10.0.0.2",
      privateFqdn: "web.internal",
      createdAt: "",
    },
  ],
  [
    "Service",
    {
      name: "edge",
      ports: [{ port: 8080 }],
      template: { image: "a", scaleToZero: { policy: "on" } },
    },
    {
      name: "edge",
      ports: [{ port: 8080, handlers: [] }],
      replicas: 1,
      template: {
        image: "a",
        env: {},
        memoryMb: 128,
        vcpus: 1,
        volumes: [],
        restartPolicy: "always",
        scaleToZero: { policy: "on", stateful: false, cooldownTimeMs: 1000 },
      },
      rollout: {
        strategy: "rolling",
        maxSurge: 1,
        maxUnavailable: 0,
        stableForSeconds: 0,
        healthyWithinSeconds: 300,
        drainTimeoutSeconds: 60,
      },
      url: "",
      fqdn: "",
      digest: "",
      instances: [],
    },
  ],
  ["Volume", { name: "data", sizeMb: 64 }, { name: "data", sizeMb: 64, filesystem: "ext4", createdAt: "" }],
];

/** Resources with times in seconds in state, and the expected milliseconds. */
const IN_SECONDS: readonly (readonly [kind: ResourceKind, old: object, migrated: object])[] = [
  [
    "Service",
    { rollout: { maxSurge: 2, stableForSeconds: 1.005, healthyWithinSeconds: 60.5, drainTimeoutSeconds: 0 } },
    { rollout: { maxSurge: 2, stableForMs: 1005, healthyWithinMs: 60_500, drainTimeoutMs: 0 } },
  ],
  ["Service", { rollout: { drainTimeoutSeconds: 3600 } }, { rollout: { drainTimeoutMs: 3_600_000 } }],
  ["Service", { replicas: 2 }, { replicas: 2 }],
  [
    "Instance",
    { prepareTemplate: { image: "a", timeoutSeconds: 45 } },
    { prepareTemplate: { image: "a", timeoutMs: 45_000 } },
  ],
  ["Instance", { image: "a", drainTimeoutMs: 2500 }, { image: "a", drainTimeoutMs: 2500 }],
];

describe("state with times in seconds", () => {
  for (const [kind, old, expected] of IN_SECONDS) {
    it(`is migrated to milliseconds: ${kind} ${JSON.stringify(old)}`, () => {
      const resource = resourceOf(kind);
      assert.deepEqual(migrate(resource, { ...old }), expected);
      assert.deepEqual(migrate(resource, { ...expected }), expected, "new times without a version stay as they are");
      const written = toState(resource, { metro: "local", provider: "" }, {}, { ...expected }, {});
      assert.deepEqual(migrate(resource, written), written, "state of this release stays as it is");
    });
  }
});

/** Rollouts of releases that had one strategy and a health check, and the expected ones. */
const ROLLOUTS: readonly (readonly [old: object, migrated: object])[] = [
  [
    { strategy: "rolling", maxSurge: 2, health: { path: "/hello", match: { "$.status": "pass" } } },
    { strategy: "rolling", maxSurge: 2, gate: { path: "/hello", match: { "$.status": "pass" } } },
  ],
  [{ health: { path: "/hello", match: {} } }, { gate: { path: "/hello" } }],
  [{ maxSurge: 1 }, { maxSurge: 1 }],
];

describe("state with a health check", () => {
  for (const [old, expected] of ROLLOUTS) {
    it(`is migrated to a gate: ${JSON.stringify(old)}`, () => {
      const resource = resourceOf("Service");
      assert.deepEqual(migrate(resource, { rollout: old }), { rollout: expected });
      assert.deepEqual(migrate(resource, { rollout: expected }), { rollout: expected });
      assert.deepEqual(migrate(resource, { rollout: old, __version: 3 }), { rollout: expected, __version: 3 });
    });
  }

  it("shows no difference to a program with that gate, whether or not it has the former defaults", async () => {
    const resource = resourceOf("Service");
    const former = { strategy: "rolling", maxSurge: 1, maxUnavailable: 0 };
    const state = migrate(resource, {
      ...{ name: "edge", ports: [{ port: 8080, handlers: [], protocol: "tcp" }], replicas: 1, softLimit: 1 },
      ...{ hardLimit: 65_535, template: { image: "a" }, adopt: false },
      rollout: { ...former, sharedVolumes: false, health: { path: "/hello", match: {} } },
    });
    for (const more of [{}, former, { onFailure: "rollback" }]) {
      const program = { name: "edge", ports: [{ port: 8080 }], template: { image: "a" } };
      const { inputs, failures } = await check(resource, state, {
        ...program,
        rollout: { ...more, gate: { path: "/hello" } },
      });
      assert.deepEqual(failures, []);
      assert.deepEqual(diff(resource, inputsFromState(resource, state), inputs), []);
    }
    const changed = await check(resource, state, {
      name: "edge",
      ports: [{ port: 8080 }],
      template: { image: "a" },
      rollout: { maxSurge: 2, gate: { path: "/hello" } },
    });
    assert.deepEqual(
      diff(resource, inputsFromState(resource, state), changed.inputs).map(({ property }) => property),
      ["rollout"],
    );
  });

  it("keeps the volume of a service whose only strategy stopped the old replica first", async () => {
    const resource = resourceOf("Service");
    const template = { image: "a", volumes: [{ volume: "data", at: "/data" }] };
    const program = { name: "edge", ports: [{ port: 8080 }], template };
    const written = (await check(resource, {}, program)).inputs;
    const state = migrate(resource, {
      ...written,
      rollout: { ...(written["rollout"] as object), strategy: "rolling", maxSurge: 1, maxUnavailable: 0 },
    });
    const { inputs, failures } = await check(resource, state, program);
    assert.deepEqual([failures, diff(resource, inputsFromState(resource, state), inputs)], [[], []]);
  });
});

describe("state", () => {
  for (const [kind, program, state] of FORMER) {
    it(`of a release without the new inputs shows no difference: ${kind}`, async () => {
      const resource = resourceOf(kind);
      const migrated = migrate(resource, { ...state });
      const { inputs, failures } = await check(resource, migrated, { ...program });
      assert.deepEqual(failures, []);
      assert.deepEqual(diff(resource, inputsFromState(resource, migrated), inputs), []);
    });
  }

  it("keeps the template fingerprint of the previous release", () => {
    // The hashed value: the request with sorted keys and without defaults.
    const request =
      '{"autostart":true,"env":{"A":"b"},"image":"a","memory_mb":256,"restart_policy":"always",' +
      '"scale_to_zero":{"cooldown_time_ms":5000,"policy":"on"},' +
      '"volumes":[{"at":"/a","readonly":true,"uuid":"00000000-0000-4000-8000-000000000001"},{"at":"/b","uuid":"00000000-0000-4000-8000-000000000002"}]}';
    const expected = crypto.createHash("sha256").update(request).digest("hex").slice(0, 12);
    const former = {
      image: "a",
      env: { A: "b" },
      memoryMb: 256,
      vcpus: 1,
      restartPolicy: "always",
      scaleToZero: { policy: "on", stateful: false, cooldownTimeMs: 5000, notifyTimeMs: 0 },
      volumes: [
        { volume: "00000000-0000-4000-8000-000000000002", at: "/b", readonly: false },
        { volume: "00000000-0000-4000-8000-000000000001", at: "/a", readonly: true },
      ],
    } as const;
    assert.equal(fingerprint({ ...former, volumes: [...former.volumes] }), expected);
    const now = { tags: [], roms: [], annotations: {}, dependencies: [], type: "micro", gpus: 0 } as const;
    const { tags, roms, dependencies, ...rest } = now;
    const full = {
      ...former,
      volumes: [...former.volumes],
      ...rest,
      tags: [...tags],
      roms: [...roms],
      dependencies: [...dependencies],
    };
    assert.equal(fingerprint(full), expected, "defaults of new inputs do not count");
    assert.equal(fingerprint({ ...full, imagePull: { credentials: "c" } }), expected, "nor how an image is fetched");
  });

  it("remembers a pending start across a refresh until the next update", () => {
    const resource = resourceOf("Instance");
    const home = { metro: "local", provider: "" };
    const failed = toState(resource, home, {}, { name: "web" }, { state: "stopped", [PENDING_START_KEY]: true });
    const observed = { state: "stopped" };
    const refreshed = toState(
      resource,
      home,
      failed,
      { name: "web" },
      { ...observed, ...preservedOnRefresh(failed, observed) },
    );
    assert.equal(refreshed[PENDING_START_KEY], true);
    assert.equal(PENDING_START_KEY in toState(resource, home, { name: "web" }, {}, { state: "running" }), false);
  });

  it("forgets a pending start once a refresh finds the instance started", () => {
    const failed = { name: "web", state: "stopped", [PENDING_START_KEY]: true };
    for (const state of ["draining", "stopping"])
      assert.deepEqual(
        preservedOnRefresh(failed, { state }),
        { [PENDING_START_KEY]: true },
        "what is going down still owes it",
      );
    for (const state of ["starting", "running", "standby"])
      assert.deepEqual(preservedOnRefresh(failed, { state }), {}, state);
  });
});
