import assert from "node:assert/strict";
import * as fc from "fast-check";
import type * as z from "zod";
import { INSTANCE_PROPS, INSTANCE_PROPS_ANY_STATE } from "../../../../provider/contract/models";
import { check } from "../../../../provider/definition/check";
import { metaOf } from "../../../../provider/definition/resource";
import { diff } from "../../../../provider/definition/diff";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { instance } from "../../../../provider/resources/instance/resource";
import { type InstanceInputs, instanceInputs } from "../../../../provider/resources/instance/inputs";
import {
  type PowerState,
  describeInstanceUpdate,
  describeStep,
  planInstanceUpdate,
} from "../../../../provider/resources/instance/plan";
import { INSTANCE_WIRE } from "../../../../provider/resources/instance/wire";
import { anyInstance } from "../../../support/anyInstance";

const checked = async (args: object): Promise<InstanceInputs> => {
  const { inputs, failures } = await check(instance, {}, { name: "web", image: "a", ...args });
  assert.deepEqual(failures, []);
  return inputs as InstanceInputs;
};
const planOf = async (olds: object, news: object, power: PowerState = "up") =>
  planInstanceUpdate(await checked(olds), await checked(news), power);
const previewText = async (olds: object, news: object, power: PowerState = "up") =>
  (await planOf(olds, news, power)).flatMap((step) => describeStep(step, { wasFailed: false, isJob: false }));

describe("the update plan of an instance", () => {
  it("stops, detaches, patches in one call, attaches, starts and verifies, in this order", async () => {
    const steps = await planOf(
      { drainTimeoutMs: 5000, volumes: [{ volume: "old", at: "/data" }], tags: ["a"] },
      {
        drainTimeoutMs: 7000,
        volumes: [{ volume: "new", at: "/data", readonly: true }],
        env: { A: "b" },
        memoryMb: 256,
      },
    );
    assert.deepEqual(steps, [
      { do: "stop", drainTimeoutMs: 7000 },
      { do: "detach", mount: { volume: "old", at: "/data", readonly: false } },
      {
        do: "patch",
        patches: [
          { property: "env", prop: "env", op: "set", value: { A: "b" } },
          { property: "memoryMb", prop: "memory_mb", op: "set", value: 256 },
          { property: "tags", prop: "tags", op: "clear" },
        ],
      },
      { do: "attach", mount: { volume: "new", at: "/data", readonly: true } },
      { do: "start" },
      { do: "verify" },
    ]);
  });

  it("stops nothing for changes that apply in any state", async () => {
    const steps = await planOf({}, { tags: ["a"], deleteLock: true, autokill: { timeMs: 5 }, annotations: { A: "b" } });
    assert.deepEqual(
      steps.map((step) => step.do),
      ["patch", "verify"],
    );
  });

  it("keeps a stopped instance stopped, and starts one with a pending start", async () => {
    assert.deepEqual(await previewText({}, { memoryMb: 256 }, "down"), ["change memoryMb in place"]);
    assert.deepEqual(await previewText({}, { memoryMb: 256 }, "pending-start"), [
      "stop it",
      "change memoryMb in place",
      "start it",
    ]);
    assert.deepEqual(await previewText({}, {}, "pending-start"), ["start it"]);
  });

  it("says what happens if a stopped instance runs by then and the change needs a stop", async () => {
    const olds = await checked({ volumes: [{ volume: "old", at: "/data" }] });
    const described = async (args: object, power: PowerState) =>
      describeInstanceUpdate(olds, await checked({ volumes: [{ volume: "old", at: "/data" }], ...args }), power);
    const then = ", restarting it if it runs by then";
    assert.deepEqual(await described({ memoryMb: 256 }, "down"), [`change memoryMb in place${then}`]);
    assert.deepEqual(await described({ volumes: [], memoryMb: 256 }, "down"), [
      "detach volume 'old' from /data",
      `change memoryMb in place${then}`,
    ]);
    assert.deepEqual(await described({ tags: ["a"] }, "down"), ["change tags in place"]);
    assert.deepEqual(await described({}, "down"), []);
    assert.deepEqual(await described({ memoryMb: 256 }, "up"), ["stop it", "change memoryMb in place", "start it"]);
  });

  it("sets properties that cannot be deleted back to their default, and clears the others", async () => {
    const [, patch] = await planOf(
      { memoryMb: 256, vcpus: 2, schedPriority: "high", args: ["x"], hostname: "h", env: { A: "b" } },
      {},
    );
    assert.ok(patch?.do === "patch");
    const patched = Object.fromEntries(patch.patches.map(({ prop, op, value }) => [prop, op === "clear" ? op : value]));
    assert.deepEqual(patched, {
      memory_mb: 128,
      vcpus: 1,
      sched_priority: "normal",
      args: "clear",
      hostname: "clear",
      env: "clear",
    });
  });

  it("sends nothing for equivalent values and for the provider's own settings", async () => {
    const zero = { timeMs: 0, numRequests: 0 };
    assert.deepEqual(await planOf({ autokill: zero, drainTimeoutMs: 5 }, { scaleToZero: { policy: "off" } }), [
      { do: "verify" },
    ]);
  });

  it("shows no secrets", async () => {
    const sentences = await previewText(
      {},
      { env: { TOKEN: "s3cret" }, plugins: [{ name: "p", rom: "r", config: "s3cret" }] },
    );
    assert.doesNotMatch(sentences.join(), /s3cret|TOKEN/);
  });

  it("only reads if nothing changes", async () => {
    await fc.assert(
      fc.asyncProperty(anyInstance, async (args) => {
        const { inputs } = await check(instance, {}, { name: "web", ...args });
        assert.deepEqual(planInstanceUpdate(inputs as InstanceInputs, inputs as InstanceInputs, "up"), [
          { do: "verify" },
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the effect of a change of an instance input", () => {
  const effects = Object.entries(instanceInputs.shape as Readonly<Record<string, z.ZodType>>).map(
    ([name, schema]) => [name, metaOf(schema)?.onChange ?? "update"] as const,
  );
  const wireOf = (name: string) => INSTANCE_WIRE[name as keyof InstanceInputs];

  it("is a PATCH for every property that the API can change, without a stop where the API allows it", () => {
    const patched = effects.filter(([name]) => wireOf(name).prop !== undefined);
    // That of the replicas of a Service, which its rollouts set.
    const ofReplicas = ["rotation"] as const;
    assert.deepEqual([...patched.map(([name]) => wireOf(name).prop), ...ofReplicas].sort(), [...INSTANCE_PROPS].sort());
    for (const [name, effect] of patched) {
      const prop = wireOf(name).prop ?? "image";
      // Annotations are accepted at any time, and reach the guest at its next boot.
      const anyState = INSTANCE_PROPS_ANY_STATE.includes(prop) || prop === "annotations";
      assert.equal(effect, anyState ? "update" : "restart", name);
    }
  });

  it("is a replacement for what the API cannot change", () => {
    const replaced = effects.filter(([, effect]) => effect === "replace").map(([name]) => name);
    const never = ["name", "restartPolicy", "service", "serviceGroup", "features", "type", "gpus", "networkInterfaces"];
    const sources = ["template", "branchFrom", "checkpoint", "gateway", "nameserver", "ephemeralVolumes"];
    assert.deepEqual(replaced.sort(), [...never, ...sources].sort());
  });

  it("is a replacement if a stop would delete the instance", async () => {
    const job = await checked({ features: ["delete-on-stop"], memoryMb: 64 });
    const [memory] = diff(instance, job, { ...job, memoryMb: 128 });
    assert.deepEqual([memory?.property, memory?.replace, memory?.restart], ["memoryMb", true, false]);
    const [tags] = diff(instance, job, { ...job, tags: ["a"] });
    assert.deepEqual([tags?.property, tags?.replace], ["tags", false]);
    const unknown = diff(instance, job, { ...job, image: UNKNOWN });
    assert.deepEqual(
      unknown.map(({ replace, certain }) => [replace, certain]),
      [[false, false]],
    );
  });
});
