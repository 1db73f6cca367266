import assert from "node:assert/strict";
import { check } from "../../../provider/definition/check";
import type { Properties } from "../../../provider/definition/resource";
import { PENDING_START_KEY } from "../../../provider/definition/initFailed";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { type ResourceDiff, diffResource } from "../../../provider/pulumi/resourceDiff";
import { describeChanges, sayOnce } from "../../../provider/pulumi/describeChanges";
import { type ResourceKind, resourceOf } from "../../../provider/resources/all";

const checked = async (kind: ResourceKind, args: object): Promise<Properties> => {
  const { inputs, failures } = await check(resourceOf(kind), {}, { name: "it", ...args });
  assert.deepEqual(failures, []);
  return inputs;
};

describe("the preview text", () => {
  const diffOf = async (kind: ResourceKind, olds: object, news: object, outputs: object): Promise<ResourceDiff> => {
    const state = { ...(await checked(kind, olds)), ...outputs };
    return diffResource(resourceOf(kind), {
      label: `${kind} 'web'`,
      olds: state,
      news: await checked(kind, news),
      movesMetro: false,
    });
  };
  const previewOf = async (olds: object, news: object, outputs: object = { state: "running" }) =>
    describeChanges(resourceOf("Instance"), await diffOf("Instance", olds, news, outputs));
  const serviceText = async (olds: object, news: object) => {
    const base = { ports: [{ port: 8080 }], replicas: 0 };
    return describeChanges(
      resourceOf("Service"),
      await diffOf("Service", { ...base, ...olds }, { ...base, ...news }, {}),
    );
  };

  it("describes the plan that the update executes", async () => {
    const news = { image: "a", memoryMb: 256, env: { TOKEN: "s3cret" }, drainTimeoutMs: 5000 };
    assert.deepEqual(await previewOf({ image: "a" }, news), [
      "Instance 'web': the update will stop it within 5 s, change env and memoryMb in place, then start it.",
    ]);
    assert.deepEqual(await previewOf({ image: "a" }, news, { state: "stopped" }), [
      "Instance 'web': the update will change env and memoryMb in place, restarting it if it runs by then.",
    ]);
  });

  it("separates certain from unknown changes", async () => {
    assert.deepEqual(await previewOf({ image: "a" }, { image: UNKNOWN, tags: ["t"] }), [
      "Instance 'web': the update will change tags in place.",
      "Instance 'web': image may change (value not known yet); a change would restart it.",
    ]);
    const mount = { volume: UNKNOWN, at: "/data" };
    assert.deepEqual(
      await previewOf({ image: "a", volumes: [{ volume: "v", at: "/x" }] }, { image: "a", volumes: [mount] }),
      [
        "Instance 'web': the update will stop it, detach volume 'v' from /x, attach a volume not known yet at /data, then start it.",
      ],
    );
  });

  it("mentions a pending start, even if nothing else or nothing known changes", async () => {
    const pending = { state: "stopped", [PENDING_START_KEY]: true };
    assert.deepEqual(await previewOf({ image: "a" }, { image: "a" }, pending), [
      "Instance 'web': the update will start it.",
    ]);
    assert.deepEqual(await previewOf({ image: "a" }, { image: UNKNOWN }, pending), [
      "Instance 'web': the update will start it.",
      "Instance 'web': image may change (value not known yet); a change would restart it.",
    ]);
    assert.deepEqual(await previewOf({ image: "a" }, { image: "a" }, { state: "stopped" }), []);
  });

  it("reports a lock on a resource to replace, even if the change removes it", async () => {
    const [, locked] = await previewOf({ image: "a", deleteLock: true }, { image: "a", restartPolicy: "always" });
    assert.match(locked ?? "", /^Instance 'web': the old resource is locked against deletion: /);
    assert.equal(
      (await previewOf({ image: "a" }, { image: "a", restartPolicy: "always", deleteLock: true })).length,
      1,
    );
  });

  it("names no step that an unknown value may make unnecessary", async () => {
    const volumes = [
      { volume: "v", at: "/x" },
      { volume: "w", at: "/y" },
    ];
    const news = [
      { volume: "v2", at: "/x" },
      { volume: UNKNOWN, at: "/y" },
    ];
    assert.deepEqual(await previewOf({ image: "a", volumes }, { image: "a", volumes: news }), [
      "Instance 'web': the update will stop it, detach volume 'v' from /x, attach volume 'v2' at /x, then start it.",
      "Instance 'web': volumes will change (value not fully known yet); this restarts it.",
    ]);
    assert.deepEqual(await serviceText({ domains: [{ name: "a" }] }, { domains: [{ name: "a" }, { name: UNKNOWN }] }), [
      "Service 'web': the update will set the domains to a, a value not known yet.",
    ]);
    assert.deepEqual(await serviceText({ domains: [{ name: "a" }] }, { domains: [{ name: "a" }, { name: UNKNOWN }] }), [
      "Service 'web': the update will set the domains to a, a value not known yet.",
    ]);
    assert.deepEqual(
      await serviceText(
        { autoscale: { template: "t" } },
        { autoscale: { template: UNKNOWN, policies: [{ name: "p", type: "on-demand" }] } },
      ),
      ["Service 'web': autoscale will change (value not fully known yet)."],
    );
  });

  it("reports that an unknown value may cause a replacement", async () => {
    assert.deepEqual(
      await previewOf({ image: "a" }, { image: "a", restartPolicy: UNKNOWN, service: UNKNOWN, tags: UNKNOWN }),
      [
        "Instance 'web': restartPolicy and service may change (values not known yet); a change would replace it.",
        "Instance 'web': tags may change (value not known yet).",
      ],
    );
    const job = { image: "a", features: ["delete-on-stop"] };
    assert.deepEqual(await previewOf(job, { ...job, memoryMb: UNKNOWN }), [
      "Instance 'web': memoryMb may change (value not known yet); a change would replace it.",
    ]);
    const disk = { sizeMb: 64, template: "t", allowDataLoss: true };
    const news = { ...disk, sizeMb: UNKNOWN, template: UNKNOWN, quotaPolicy: UNKNOWN };
    const ofVolume = async (olds: object, later: object) =>
      describeChanges(resourceOf("Volume"), await diffOf("Volume", olds, later, {}));
    assert.deepEqual(await ofVolume(disk, news), [
      "Volume 'web': sizeMb and template may change (values not known yet); a change would replace it.",
      "Volume 'web': quotaPolicy may change (value not known yet).",
    ]);
    // Without the permission, a change that requires a new volume is rejected.
    assert.deepEqual(await ofVolume({ ...disk, allowDataLoss: false }, { ...news, allowDataLoss: false }), [
      "Volume 'web': sizeMb, quotaPolicy and template may change (values not known yet).",
    ]);
  });

  it("quotes no unknown value", async () => {
    assert.deepEqual(await previewOf({ image: "a" }, { image: "a", volumes: [UNKNOWN], tags: ["t"] }), [
      "Instance 'web': the update will change tags in place.",
      "Instance 'web': volumes will change (value not fully known yet); this restarts it.",
    ]);
    assert.deepEqual(await previewOf({ image: "a" }, { image: "a", volumes: [{ volume: "v", at: UNKNOWN }] }), [
      "Instance 'web': the update will stop it, attach volume 'v' at a value not known yet, then start it.",
    ]);
    assert.deepEqual(await serviceText({}, { autokill: { timeMs: UNKNOWN } }), [
      "Service 'web': autokill will change (value not fully known yet).",
    ]);
    assert.deepEqual(await serviceText({}, { ports: [{ port: UNKNOWN }, { port: 9090 }] }), [
      "Service 'web': ports will change (value not fully known yet).",
    ]);
  });

  it("is said once of each resource", () => {
    const lines: string[] = [];
    const say = sayOnce((sentence, urn) => lines.push(`${urn ?? "stack"}: ${sentence}`));
    say(["a", "b"], "one");
    say(["b", "c"], "one");
    say(["b"], undefined);
    assert.deepEqual(lines, ["one: a", "one: b", "one: c", "stack: b"]);
  });
});
