import assert from "node:assert/strict";
import { check } from "../../../provider/definition/check";
import type { Properties } from "../../../provider/definition/resource";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { QuotaChecker } from "../../../provider/pulumi/quotaChecker";
import { type ResourceKind, resourceOf } from "../../../provider/resources/all";
import type { QuotasItem } from "../../../provider/resources/fetchQuotas";

const quotas = (more: Partial<QuotasItem>): QuotasItem => ({
  uuid: "u",
  used: { live_memory_mb: 1024, instances: 2 },
  hard: { live_memory_mb: 32_768, instances: 4 },
  limits: { min_memory_mb: 16, max_memory_mb: 8192, min_volume_mb: 8, max_volume_mb: 20_480 },
  ...more,
});

const checked = async (kind: ResourceKind, args: object): Promise<Properties> => {
  const { inputs, failures } = await check(resourceOf(kind), {}, { name: "it", ...args });
  assert.deepEqual(failures, []);
  return inputs;
};
const HINT =
  "Reduce the amount, delete unused resources, or get a larger quota: from the metro's operator, or in metro 'local' with 'npx unikernel local up --quota'.";

describe("the quota check at preview", () => {
  let requests = 0;
  const checking = (response: QuotasItem | undefined) => {
    requests = 0;
    const checker = new QuotaChecker(
      () => {
        requests++;
        return Promise.resolve(response);
      },
      () => assert.fail("no warning is expected"),
    );
    return async (kind: ResourceKind, name: string, args: object, olds: Properties = {}) =>
      checker.check(resourceOf(kind), `${kind} '${name}'`, olds, await checked(kind, args));
  };
  const guest = (memoryMb: number) => ({ image: "a", memoryMb });

  it("sends no request if nothing changes", async () => {
    const failures = checking(quotas({ hard: { live_memory_mb: 0 } }));
    const olds = await checked("Instance", guest(64));
    assert.deepEqual(await failures("Instance", "a", guest(64), olds), []);
    assert.equal(requests, 0);
    assert.equal((await failures("Instance", "a", guest(128), olds)).length, 1);
    assert.equal(requests, 1);
  });

  it("sums the whole plan and rejects the resource that exceeds a quota", async () => {
    const failures = checking(quotas({ hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(8000)), []);
    assert.deepEqual(await failures("Instance", "b", guest(4000)), [
      `QUOTA_EXCEEDED: memoryMb: the plan needs 12000 MiB more of live_memory_mb; 1024 of 12000 MiB are used. ${HINT}`,
    ]);
    assert.equal(requests, 1, "one request per process");
  });

  it("counts existing usage once, and only the growth of an update", async () => {
    const failures = checking(quotas({ used: { live_memory_mb: 11_000 }, hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(8192), await checked("Instance", guest(8192))), []);
    assert.deepEqual(await failures("Instance", "b", guest(3000), await checked("Instance", guest(2000))), []);
    assert.equal((await failures("Instance", "c", guest(16))).length, 1);
  });

  describe("of a rolling update", () => {
    const web = (image: string, memoryMb: number, replicas: number, rollout: object) => ({
      ports: [{ port: 8080 }],
      template: { image, memoryMb },
      replicas,
      rollout,
    });
    const roll = async (before: object, after: object, more: Partial<QuotasItem>): Promise<readonly string[]> =>
      checking(quotas(more))("Service", "web", after, await checked("Service", before));

    it("counts the extra replicas", async () => {
      const [before, after] = [web("a", 512, 10, { maxSurge: "25%" }), web("b", 512, 10, { maxSurge: "25%" })];
      const used = { live_memory_mb: 5_120, instances: 10 };
      // 25% of 10 rounds up to 3, and 3 of 512 MiB need 1,536.
      assert.deepEqual(await roll(before, after, { used, hard: { live_memory_mb: 6_656, instances: 13 } }), []);
      assert.deepEqual(await roll(before, after, { used, hard: { live_memory_mb: 6_655, instances: 12 } }), [
        `QUOTA_EXCEEDED: rollout.maxSurge: up to 13 replicas run at once (10 and 3 extra) during the update, which needs 3 × 1 = 3 more of instances; 10 of 12 are used. ${HINT}`,
        `QUOTA_EXCEEDED: rollout.maxSurge: up to 13 replicas run at once (10 and 3 extra) during the update, which needs 3 × 512 = 1536 MiB more of live_memory_mb; 5120 of 6655 MiB are used. ${HINT}`,
      ]);
    });

    it("counts a second set", async () => {
      const rollout = { strategy: "blueGreen" };
      const used = { live_memory_mb: 768, instances: 3 };
      const [before, after] = [web("a", 256, 3, rollout), web("b", 256, 3, rollout)];
      assert.deepEqual(await roll(before, after, { used, hard: { instances: 6 } }), []);
      assert.deepEqual(await roll(before, after, { used, hard: { instances: 5 } }), [
        `QUOTA_EXCEEDED: rollout.strategy: 3 new and 3 old replicas run at once during the update, which needs 3 × 1 = 3 more of instances; 3 of 5 are used. ${HINT}`,
      ]);
    });

    it("counts the largest mixture if replicas grow", async () => {
      const used = { live_memory_mb: 300, instances: 3 };
      const [before, after] = [web("a", 100, 3, {}), web("b", 300, 3, {})];
      // At the end, 3 of 300 MiB run beside the last of 100: 1,000, which is 700 more than 3 of 100.
      assert.deepEqual(await roll(before, after, { used, hard: { live_memory_mb: 1_000 } }), []);
      assert.deepEqual(await roll(before, after, { used, hard: { live_memory_mb: 999 } }), [
        `QUOTA_EXCEEDED: rollout.maxSurge: up to 4 replicas run at once (3 and 1 extra) during the update, which needs 3 × 300 + 1 × 100 − 3 × 100 = 700 MiB more of live_memory_mb; 300 of 999 MiB are used. ${HINT}`,
      ]);
    });

    it("needs none where old replicas go first, nothing rolls, or the template is not known", async () => {
      const used = { live_memory_mb: 768, instances: 3 };
      const full = { used, hard: { live_memory_mb: 768, instances: 3 } };
      for (const rollout of [{ strategy: "recreate" }, { strategy: "inPlace" }, { maxSurge: 0, maxUnavailable: 1 }])
        assert.deepEqual(await roll(web("a", 256, 3, rollout), web("b", 256, 3, rollout), full), []);
      assert.deepEqual(await roll(web("a", 256, 3, {}), web("a", 256, 3, { maxSurge: 2 }), full), []);
      assert.deepEqual(await roll(web("a", 256, 3, {}), web(UNKNOWN, 256, 3, {}), full), []);
    });

    describe("where replicas are not gated", () => {
      const gated = (image: string, replicas: number, rollout: object = {}, path = "/ready") => ({
        ...web(image, 64, replicas, { ...rollout, gate: { path } }),
        ports: [{ port: 80, destinationPort: 8080, handlers: ["http"] }],
      });
      const check = async (before: object | undefined, after: object, more: Partial<QuotasItem>, features = [""]) => {
        const checker = new QuotaChecker(
          () => Promise.resolve(quotas(more)),
          () => assert.fail("no warning is expected"),
          () => Promise.resolve(new Set(features)),
        );
        const olds = before === undefined ? {} : await checked("Service", before);
        return checker.check(resourceOf("Service"), "Service 'web'", olds, await checked("Service", after));
      };
      const used = { service_groups: 1, services: 1, instances: 2 };
      const LOCAL = ["readiness-probe", "rotation", "groups-without-ports"];

      it("counts the groups of the lock and of the candidate, with their ports", async () => {
        const roll = (hard: Record<string, number>, features?: string[]) =>
          check(gated("a", 2), gated("b", 2), { used, hard: { instances: 9, ...hard } }, features);
        assert.deepEqual(await roll({ service_groups: 3, services: 3 }), []);
        assert.deepEqual(await roll({ service_groups: 2, services: 2 }), [
          `QUOTA_EXCEEDED: rollout.gate: a lock and a candidate exist during the update, which needs 1 + 1 = 2 more of service_groups; 1 of 2 are used. ${HINT}`,
          `QUOTA_EXCEEDED: rollout.gate: a lock and a candidate exist during the update, which needs 1 + 1 = 2 more of services; 1 of 2 are used. ${HINT}`,
        ]);
        assert.deepEqual(await roll({ service_groups: 2, services: 1 }, LOCAL), []);
        assert.deepEqual(await roll({ service_groups: 1 }, LOCAL), [
          `QUOTA_EXCEEDED: a lock exists during the update, which needs 1 more of service_groups; 1 of 1 are used. ${HINT}`,
        ]);
      });

      it("counts the candidate of a create", async () => {
        const full = { used: {}, hard: { service_groups: 1, services: 1, instances: 2 } };
        assert.deepEqual(await check(undefined, gated("a", 2), full), [
          `QUOTA_EXCEEDED: rollout.gate: a candidate exists during the create, which needs 1 + 1 = 2 more of service_groups; 0 of 1 are used. ${HINT}`,
          `QUOTA_EXCEEDED: rollout.gate: a candidate exists during the create, which needs 1 + 1 = 2 more of services; 0 of 1 are used. ${HINT}`,
        ]);
        assert.deepEqual(await check(undefined, gated("a", 2), full, LOCAL), []);
      });

      it("counts the candidate beside replicas that are changed in place", async () => {
        const inPlace = { strategy: "inPlace" };
        const full = { used: { ...used, live_memory_mb: 128 }, hard: { instances: 2, live_memory_mb: 128 } };
        assert.deepEqual(await check(gated("a", 2, inPlace), gated("b", 2, inPlace), full), [
          `QUOTA_EXCEEDED: rollout.gate: a candidate runs during the update, which needs 1 × 1 = 1 more of instances; 2 of 2 are used. ${HINT}`,
        ]);
      });

      it("counts the template of clones", async () => {
        const cloned = (image: string, replicas: number) => ({
          ...gated(image, replicas),
          rollout: { gate: { path: "/ready", isolation: "clone" } },
        });
        const scale = (instances: number) => check(cloned("a", 2), cloned("a", 4), { used, hard: { instances } });
        assert.deepEqual(await scale(5), []);
        assert.deepEqual(await scale(4), [
          `QUOTA_EXCEEDED: rollout.gate.isolation: the template of the clones exists beside the replicas during the update, which needs 2 + 1 = 3 more of instances; 2 of 4 are used. ${HINT}`,
        ]);
      });

      it("counts a second set, and what is kept", async () => {
        const blueGreen = (more: object) => ({ strategy: "blueGreen", ...more });
        const roll = (rollout: object, hard: Record<string, number>) =>
          check(gated("a", 2, blueGreen(rollout)), gated("b", 2, blueGreen(rollout)), { used, hard });
        assert.deepEqual(await roll({}, { instances: 4, service_groups: 3, services: 3 }), []);
        assert.deepEqual(await roll({}, { instances: 4, service_groups: 2 }), [
          `QUOTA_EXCEEDED: rollout.strategy: a lock and a second set exist during the update, which needs 1 + 1 = 2 more of service_groups; 1 of 2 are used. ${HINT}`,
        ]);
        assert.deepEqual(await roll({ keepOldForMs: 1_000 }, { instances: 6 }), []);
        assert.deepEqual(await roll({ keepOldForMs: 1_000 }, { instances: 5 }), [
          `QUOTA_EXCEEDED: rollout.strategy: a second set and all old and new replicas exist at once during the update, which needs 2 × 2 × 1 = 4 more of instances; 2 of 5 are used. ${HINT}`,
        ]);
      });

      it("counts none for more replicas of a template that has passed", async () => {
        const room = { used, hard: { instances: 3, service_groups: 2, services: 2 } };
        assert.deepEqual(await check(gated("a", 2), gated("a", 3), room), []);
        assert.equal((await check(gated("a", 2), gated("a", 3, {}, "/other"), room)).length, 2);
      });
    });

    it("takes the room that a smaller number of replicas leaves", async () => {
      const full = { used: { instances: 5 }, hard: { instances: 5 } };
      assert.deepEqual(await roll(web("a", 64, 5, {}), web("b", 64, 3, {}), full), []);
    });
  });

  it("lets shrinking resources make room, and never rejects them", async () => {
    const failures = checking(quotas({ used: { live_memory_mb: 12_500 }, hard: { live_memory_mb: 12_000 } }));
    assert.deepEqual(await failures("Instance", "a", guest(1000), await checked("Instance", guest(2000))), []);
    assert.deepEqual(await failures("Instance", "b", guest(500)), []);
  });

  /** The errors of a replacement that needs this much memory. */
  const replacing = async (memoryMb: number, isDeletedFirst: boolean, ...others: number[]) => {
    const resource = resourceOf("Instance");
    const warnings: string[] = [];
    const response = quotas({ used: { live_memory_mb: 8000 }, hard: { live_memory_mb: 12_000 } });
    const checker = new QuotaChecker(
      () => Promise.resolve(response),
      (sentences) => warnings.push(...sentences),
    );
    const old = await checked("Instance", guest(8000));
    const changed = { ...(await checked("Instance", guest(memoryMb))), restartPolicy: "always" };
    const label = "Instance 'a'";
    const failures = [...(await checker.check(resource, label, old, changed))];
    checker.forget(label, changed);
    checker.expectReplacement(resource, label, old, isDeletedFirst);
    failures.push(...(await checker.check(resource, label, {}, { ...changed, name: "new" })));
    for (const other of others) {
      failures.push(...(await checker.check(resource, "Instance 'b'", {}, await checked("Instance", guest(other)))));
    }
    return { failures, warnings };
  };

  it("counts a replacement beside its predecessor, unless that is deleted first", async () => {
    assert.deepEqual(await replacing(4000, false), { failures: [], warnings: [] });
    assert.equal((await replacing(4000, false, 16)).failures.length, 1);
    assert.deepEqual(await replacing(8000, true, 4000), { failures: [], warnings: [] });
    assert.equal((await replacing(8000, true, 4001)).failures.length, 1);
  });

  it("accepts a replacement that fits after its predecessor is deleted, since the program can choose that order", async () => {
    const warning = "Instance 'a': creating its replacement first would exceed live_memory_mb; ";
    assert.deepEqual(await replacing(8000, false, 4000), {
      failures: [],
      warnings: [`${warning}set the option deleteBeforeReplace: true, or the replacement will fail.`],
    });
    assert.equal((await replacing(8000, false, 4001)).failures.length, 1);
  });

  it("rejects a replacement that does not fit in either order", async () => {
    const resource = resourceOf("Instance");
    const response = quotas({ used: { live_memory_mb: 8000 }, hard: { live_memory_mb: 8000 } });
    const checker = new QuotaChecker(
      () => Promise.resolve(response),
      () => assert.fail("no warning is expected"),
    );
    checker.expectReplacement(resource, "a", await checked("Instance", guest(4000)), false);
    assert.deepEqual(await checker.check(resource, "a", {}, await checked("Instance", guest(8000))), [
      `QUOTA_EXCEEDED: memoryMb: the plan needs 4000 MiB more of live_memory_mb; 8000 of 8000 MiB are used. ${HINT}`,
    ]);
  });

  it("counts two resources with one name in different components", async () => {
    const failures = checking(quotas({ used: { total_volume_mb: 0 }, hard: { total_volume_mb: 100 } }));
    assert.deepEqual(await failures("Volume", "data", { name: "data-1", sizeMb: 60 }), []);
    assert.deepEqual(await failures("Volume", "data", { name: "data-2", sizeMb: 60 }), [
      `QUOTA_EXCEEDED: sizeMb: the plan needs 120 MiB more of total_volume_mb; 0 of 100 MiB are used. ${HINT}`,
    ]);
  });

  it("counts an omitted input at its old value if that stays", async () => {
    const failures = checking(quotas({ used: { total_volume_mb: 100 }, hard: { total_volume_mb: 100 } }));
    const olds = await checked("Volume", { sizeMb: 90, quotaPolicy: "dynamic" });
    assert.deepEqual(await failures("Volume", "a", { sizeMb: 90, tags: ["t"] }, olds), []);
    const sized = { ...(await checked("Volume", { cloneFrom: "x", sizeMb: 90 })), quotaPolicy: "static" };
    assert.deepEqual(await failures("Volume", "b", { cloneFrom: "x", tags: ["t"] }, sized), []);
    assert.equal((await failures("Volume", "c", { name: "c", sizeMb: 16 })).length, 1, "it makes no room");
  });

  it("checks the size limit of each object, wherever it is set", async () => {
    const failures = checking(quotas({}));
    assert.deepEqual(await failures("Instance", "a", guest(9000)), [
      `QUOTA_EXCEEDED: memoryMb: must be 16 to 8192 MiB in this account, got 9000. ${HINT}`,
    ]);
    const olds = await checked("Instance", guest(9000));
    assert.deepEqual(await failures("Instance", "old", { ...guest(9000), tags: ["a"] }, olds), []);
    const [first] = await failures("Volume", "v", { sizeMb: 4 });
    assert.match(first ?? "", /^QUOTA_EXCEEDED: sizeMb: must be 8 to 20480 MiB in this account, got 4\./);
    const own = { image: "a", ephemeralVolumes: [{ at: "/x", sizeMb: 30_000 }] };
    assert.match((await failures("Instance", "b", own))[0] ?? "", /ephemeralVolumes\[0\]\.sizeMb: /);
    const template = { ports: [{ port: 8080 }], template: { image: "a", memoryMb: 8 * 8192 } };
    assert.match((await failures("Service", "s", template))[0] ?? "", /^QUOTA_EXCEEDED: template\.memoryMb: /);
  });

  it("names the input that uses the quota, or else the kind of resource", async () => {
    const full = { instances: 2, live_vcpus: 3, services: 3, volumes: 1 };
    const used = { instances: 1, live_vcpus: 1, services: 2, volumes: 1 };
    const failing = async (kind: ResourceKind, args: object) => {
      const [sentence = "", ...more] = await checking(quotas({ used, hard: full }))(kind, "x", args);
      assert.deepEqual(more, []);
      return sentence;
    };
    const service = (replicas: number, template: object) => ({
      ports: [{ port: 8080 }],
      replicas,
      template: { image: "a", ...template },
    });
    const needs = (wanted: number, quota: string, has: number, most: number) =>
      `needs ${wanted} more of ${quota}; ${has} of ${most} are used. ${HINT}`;
    assert.equal(
      await failing("Service", service(2, {})),
      `QUOTA_EXCEEDED: replicas: the plan ${needs(2, "instances", 1, 2)}`,
    );
    assert.equal(
      await failing("Service", service(1, { vcpus: 3 })),
      `QUOTA_EXCEEDED: template.vcpus: the plan ${needs(3, "live_vcpus", 1, 3)}`,
    );
    assert.equal(
      await failing("Service", { replicas: 0, ports: [{ port: 8080 }, { port: 8081 }] }),
      `QUOTA_EXCEEDED: ports: the plan ${needs(2, "services", 2, 3)}`,
    );
    const group = { ports: [{ port: 8080 }, { port: 8081 }] };
    assert.equal(
      await failing("Instance", { image: "a", serviceGroup: group }),
      `QUOTA_EXCEEDED: serviceGroup.ports: the plan ${needs(2, "services", 2, 3)}`,
    );
    const ephemeralVolumes = [{ at: "/x", sizeMb: 8 }];
    assert.equal(
      await failing("Instance", { image: "a", ephemeralVolumes }),
      `QUOTA_EXCEEDED: ephemeralVolumes: the plan ${needs(1, "volumes", 1, 1)}`,
    );
    assert.equal(
      await failing("Service", service(1, { ephemeralVolumes })),
      `QUOTA_EXCEEDED: template.ephemeralVolumes: the plan ${needs(1, "volumes", 1, 1)}`,
    );
    assert.equal(
      await failing("Volume", { sizeMb: 8 }),
      `QUOTA_EXCEEDED: with this Volume, the plan ${needs(1, "volumes", 1, 1)}`,
    );
    const noInstance = quotas({ used: { instances: 2 }, hard: { instances: 2 } });
    assert.deepEqual(await checking(noInstance)("Instance", "x", { image: "a" }), [
      `QUOTA_EXCEEDED: with this Instance, the plan ${needs(1, "instances", 2, 2)}`,
    ]);
  });

  it("covers virtual CPUs and autoscale sizes", async () => {
    const limits = { min_vcpus: 1, max_vcpus: 2, min_autoscale_size: 1, max_autoscale_size: 6 };
    const failures = checking(quotas({ limits }));
    const may = (least: number, most: number, got: number) =>
      `must be ${least} to ${most} in this account, got ${got}. ${HINT}`;
    assert.deepEqual(await failures("Instance", "a", { image: "a", vcpus: 3 }), [
      `QUOTA_EXCEEDED: vcpus: ${may(1, 2, 3)}`,
    ]);
    const scaled = (minSize: number, maxSize: number) => ({
      ports: [{ port: 8080 }],
      autoscale: { template: "t", minSize, maxSize },
    });
    assert.deepEqual(await failures("Service", "s", scaled(0, 7)), [
      `QUOTA_EXCEEDED: autoscale.minSize: ${may(1, 6, 0)}`,
      `QUOTA_EXCEEDED: autoscale.maxSize: ${may(1, 6, 7)}`,
    ]);
    assert.deepEqual(await failures("Service", "s", scaled(1, 6)), []);
  });

  it("ignores unknown values, unlimited quotas and unavailable ones", async () => {
    const unknown = checking(quotas({}));
    assert.deepEqual(await unknown("Instance", "a", { image: UNKNOWN, memoryMb: UNKNOWN }), []);
    const noneLive = checking(quotas({ used: { live_instances: 1 }, hard: { live_instances: 1 } }));
    assert.deepEqual(await noneLive("Instance", "a", { image: "a", autostart: UNKNOWN }), []);
    assert.deepEqual(await checking(quotas({ hard: {}, limits: {} }))("Instance", "a", guest(99_999)), []);
    assert.deepEqual(await checking(undefined)("Instance", "a", guest(99_999)), []);
  });
});
