import assert from "node:assert/strict";
import { type InstanceItem, createInstanceRequest } from "../../../../provider/contract/models";
import { UnikernelError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../provider/resources/context";
import { service } from "../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../support/resourceContext";

type Inputs = Parameters<typeof service.create>[1];
const image = (digit: string) => `oci://registry.test/web@sha256:${digit.repeat(64)}`;

describe("the service resource", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const inputsOf = async (template: object = {}, more: object = {}): Promise<Inputs> => {
    const args = {
      name: "web",
      ports: [{ port: 80, handlers: ["http"] }],
      replicas: 2,
      template: { image: image("1"), ...template },
      ...more,
    };
    const { inputs, failures } = await check(service, {}, args);
    assert.deepEqual(failures, []);
    return inputs as Inputs;
  };
  const partial = async (promise: Promise<unknown>): Promise<ResourceInitFailedError> => {
    const error: unknown = await promise.then(
      () => assert.fail("it resolved"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    return error;
  };
  /** The error of a rolled back update, after which the old state is true. */
  const rolledBack = async (promise: Promise<unknown>): Promise<UnikernelError> => {
    const error: unknown = await promise.then(
      () => assert.fail("it resolved"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.has(error, "ROLLOUT_FAILED") && error.details["rolledBack"] === true, String(error));
    return error;
  };
  const crashes = () => ({ state: "stopped" as const, stop_reason: 3, exit_code: 1 });
  const state = async (inputs: Inputs) => ({ inputs, outputs: (await service.create(context, inputs)).outputs });
  const uuids = () => [...cluster.instances.keys()];

  it("shows no drift after creation, whatever the server adds", async () => {
    const inputs = await inputsOf();
    const { id, outputs } = await service.create(context, inputs);
    cluster.services = [{ port: 80, destination_port: 80, protocol: "tcp", handlers: ["http"], ip: "1.2.3.4" }];
    for (const held of cluster.instances.values()) held.override = { restart_policy: "always", vcpus: 1 };
    assert.deepEqual(await service.read(context, id, inputs, outputs), { id, inputs, outputs });
    assert.deepEqual(
      [outputs.url, outputs.digest, outputs.instances.length],
      ["http://web.test", `sha256:${"1".repeat(64)}`, 2],
    );
  });

  it("has what changed by itself in the outputs of a refresh, and the same inputs", async () => {
    const inputs = await inputsOf({ scaleToZero: { policy: "on", cooldownTimeMs: 1000 } }, { replicas: 1 });
    const { id } = await service.create(context, inputs);
    const [uuid = ""] = uuids();
    const [held] = cluster.instances.values();
    if (held === undefined) assert.fail("there is no instance");
    const asleep = { state: "standby" as const, stop_reason: 32, restart_count: 1 };
    held.override = { ...asleep, scale_to_zero: { policy: "on", stateful: false, cooldown_time_ms: 1000 } };
    cluster.metrics.set(uuid, { wakeup_latency: [{ count: 4 }], wakeup_latency_sum: 90 });
    const found = await service.read(context, id, inputs);
    assert.deepEqual(found?.inputs, inputs);
    const [member] = found.outputs.instances;
    assert.deepEqual(
      [member?.state, member?.stopReason, member?.restartCount, member?.wakeLatencyMs, member?.digest],
      ["standby", "it was scaled to zero", 1, 22.5, `sha256:${"1".repeat(64)}`],
    );
  });

  it("waits for an image that is resolved only once it runs", async () => {
    cluster.lives.set(image("1"), (ageMs) => (ageMs < 500 ? { state: "starting", image: "" } : { state: "running" }));
    const { outputs } = await service.create(context, await inputsOf());
    assert.deepEqual([outputs.instances.length, cluster.log.filter((entry) => entry.startsWith("delete"))], [2, []]);
  });

  it("keeps its replicas if only the login changes that their image is pulled with, and starts the next with it", async () => {
    const login = (password: string) => ({ imagePull: { credentials: { username: "ann", password } } });
    const [olds, news] = [await inputsOf(login("old")), await inputsOf(login("new"), { replicas: 3 })];
    const before = await state(olds);
    const kept = uuids();
    assert.deepEqual(service.describeUpdate?.(olds, { ...news, replicas: 2 }, before.outputs), []);
    await service.update(context, SERVICE.uuid, before, { ...news, replicas: 2 });
    assert.deepEqual(uuids(), kept);
    await service.update(context, SERVICE.uuid, before, news);
    const credentials = [...cluster.instances.values()].map(
      ({ request: { image: requested } }) => typeof requested === "object" && requested.credentials,
    );
    const encoded = (password: string) => Buffer.from(`ann:${password}`).toString("base64");
    assert.deepEqual(credentials, [encoded("old"), encoded("old"), encoded("new")]);
  });

  it("is not found for code 8 only", async () => {
    const inputs = await inputsOf();
    cluster.serviceExists = false;
    assert.equal(await service.read(context, SERVICE.uuid, inputs), undefined);
    const response = { items: [{ status: "error", error: 14, message: "no" }], message: undefined };
    Object.assign(cluster.client, { getServices: () => Promise.resolve(response) });
    await assert.rejects(service.read(context, SERVICE.uuid, inputs), (e) => UnikernelError.has(e, "NOT_ALLOWED"));
  });

  it("shows deleted and stopped replicas as drift and creates them again", async () => {
    const inputs = await inputsOf({}, { replicas: 3 });
    const before = await state(inputs);
    const [deleted = "", down = "", kept = ""] = uuids();
    cluster.instances.delete(deleted);
    Object.assign(cluster.instances.get(down) ?? {}, { override: crashes() });
    const observed = await service.read(context, SERVICE.uuid, inputs);
    assert.equal(observed?.inputs.replicas, 1);
    const outputs = await service.update(context, SERVICE.uuid, before, inputs);
    assert.deepEqual([outputs.instances.length, uuids().includes(down), uuids().includes(kept)], [3, false, true]);
  });

  it("shows a failed rollout as drift, even with the same image", async () => {
    const before = await state(await inputsOf());
    const news = await inputsOf({ env: { MODE: "new" } });
    cluster.lives.set(image("1"), crashes);
    await rolledBack(service.update(context, SERVICE.uuid, before, news));
    const observed = await service.read(context, SERVICE.uuid, news);
    assert.notDeepEqual(observed?.inputs, news);
    assert.deepEqual((await service.read(context, SERVICE.uuid, before.inputs))?.inputs, before.inputs);
  });

  it("shows a manually changed replica as drift and replaces it", async () => {
    const inputs = await inputsOf();
    const before = await state(inputs);
    const [changed = "", kept = ""] = uuids();
    Object.assign(cluster.instances.get(changed) ?? {}, { override: { memory_mb: 512 } });
    const observed = await service.read(context, SERVICE.uuid, inputs);
    assert.deepEqual([observed?.inputs.replicas, observed?.inputs.template?.memoryMb], [1, 512]);
    await service.update(context, SERVICE.uuid, before, inputs);
    assert.deepEqual([uuids().length, uuids().includes(changed), uuids().includes(kept)], [2, false, true]);
    assert.deepEqual((await service.read(context, SERVICE.uuid, inputs))?.inputs, inputs);
  });

  it("is read by uuid alone with the template of its replicas", async () => {
    const inputs = await inputsOf({ memoryMb: 256, tags: ["blue"] });
    await service.create(context, inputs);
    const observed = await service.read(context, SERVICE.uuid, {} as Inputs);
    const { image: _image, ...template } = observed?.inputs.template ?? assert.fail("no template");
    const { image: _requestedImage, ...requestedTemplate } = inputs.template ?? assert.fail("no template");
    assert.deepEqual([observed?.inputs.replicas, template], [2, requestedTemplate]);
    assert.deepEqual(observed?.inputs.ports, inputs.ports);
  });

  it("allows every tag of a template, even one that resembles its own", async () => {
    const tags = ["template:blue", "template:0123456789abc", ...Array.from({ length: 11 }, (_, n) => `t${n}`)];
    context = {
      ...context,
      ownership: { stackHash: "0".repeat(12), resourceHash: "1".repeat(16), hasDerivedName: true },
    };
    const inputs = await inputsOf({ tags });
    const before = await state(inputs);
    const old = uuids();
    for (const { tags: instanceTags = [] } of cluster.items()) {
      assert.ok(instanceTags !== null && tags.every((tag) => instanceTags.includes(tag)));
      assert.deepEqual(
        [instanceTags.length, createInstanceRequest.shape.tags.safeParse(instanceTags).success],
        [16, true],
      );
    }
    assert.deepEqual((await service.read(context, SERVICE.uuid, inputs))?.inputs, inputs);
    await service.update(context, SERVICE.uuid, before, await inputsOf({ tags }, { softLimit: 5 }));
    assert.deepEqual(uuids(), old);
  });

  it("needs no change if a failed change is reverted", async () => {
    const before = await state(await inputsOf());
    const old = uuids();
    cluster.lives.set(image("2"), crashes);
    const news = await inputsOf({ image: image("2") });
    const failure = await rolledBack(service.update(context, SERVICE.uuid, before, news));
    assert.match(failure.message, / failed and was rolled back\. 2 old replicas serving as before\. /);
    await service.update(context, SERVICE.uuid, { inputs: news, outputs: before.outputs }, before.inputs);
    assert.deepEqual(uuids(), old);
  });

  it("restores the ports if the rollout fails, since the old replicas listen there", async () => {
    const before = await state(await inputsOf());
    cluster.lives.set(image("2"), crashes);
    const news = await inputsOf(
      { image: image("2") },
      { ports: [{ port: 80, destinationPort: 9000, handlers: ["http"] }], hardLimit: 9 },
    );
    await rolledBack(service.update(context, SERVICE.uuid, before, news));
    assert.deepEqual(cluster.services, [{ port: 80, handlers: ["http"] }]);
    assert.equal(cluster.group["hard_limit"], 65_535);
    cluster.lives.delete(image("2"));
    await service.update(context, SERVICE.uuid, before, news);
    assert.deepEqual(cluster.services, [{ port: 80, destination_port: 9000, handlers: ["http"] }]);
  });

  it("keeps the new ports and reports the new replicas if these need only run", async () => {
    const runs = () => ({ state: "running" as const, net_time_us: 0 });
    cluster.lives.set(image("1"), runs);
    const rollout = { gate: { type: "running" }, onFailure: "keepBoth" };
    const before = await state(await inputsOf({}, { rollout }));
    let count = 0;
    cluster.onCreate = () => {
      cluster.lives.set(image("2"), ++count < 2 ? runs : crashes);
      return "respond";
    };
    const ports = [{ port: 80, destinationPort: 9000, handlers: ["http"] }];
    const news = await inputsOf({ image: image("2") }, { rollout, ports });
    const { outputs } = await partial(service.update(context, SERVICE.uuid, before, news));
    assert.deepEqual(cluster.services, [{ port: 80, destination_port: 9000, handlers: ["http"] }]);
    assert.equal((outputs["instances"] as unknown[]).length, 2);
  });

  it("replaces no replica for volume order or an explicit default", async () => {
    const mounts = [
      { volume: "a", at: "/a", readonly: true },
      { volume: "b", at: "/b", readonly: true },
    ];
    const before = await state(await inputsOf({ volumes: mounts }));
    const old = uuids();
    const written = { volumes: [...mounts].reverse(), memoryMb: 128, scaleToZero: { policy: "off" } };
    await service.update(context, SERVICE.uuid, before, await inputsOf(written, { replicas: 3 }));
    assert.deepEqual(uuids().slice(0, 2), old);
    assert.equal(uuids().length, 3);
  });

  it("scales to zero and back", async () => {
    const before = await state(await inputsOf());
    const none = await inputsOf({}, { replicas: 0 });
    const outputs = await service.update(context, SERVICE.uuid, before, none);
    assert.deepEqual([outputs.digest, outputs.instances, uuids()], ["", [], []]);
    assert.deepEqual((await service.read(context, SERVICE.uuid, none))?.inputs, none);
    await service.update(context, SERVICE.uuid, { inputs: none, outputs }, before.inputs);
    assert.equal(uuids().length, 2);
  });

  it("ends once as many instances of autoscale run as it asks for, if they need only run", async () => {
    const rollout = { gate: { type: "running" } };
    const before = await state(await inputsOf({}, { rollout }));
    cluster.lives.set("scaled", () => ({ state: "running", net_time_us: 0 }));
    cluster.add({ name: "web-scaled", image: "scaled" });
    const autoscale = {
      ...{ template: "base", minSize: 1, maxSize: 2, warmupTimeMs: 1000, cooldownTimeMs: 1000 },
      policies: [{ name: "rest", type: "idle", idleTimeMs: 1000 }],
    };
    const news = await inputsOf({}, { rollout, autoscale, replicas: undefined, template: undefined });
    const hurried = { ...context, timeouts: { ...context.timeouts, updateMs: 5_000 } };
    await service.update(hurried, SERVICE.uuid, before, news);
    assert.equal(uuids().length, 1);
  });

  it("gives a new replica at most the operation timeout", async () => {
    const before = await state(await inputsOf());
    cluster.lives.set(image("2"), () => ({ state: "running", net_time_us: 0 }));
    const hurried = { ...context, timeouts: { ...context.timeouts, updateMs: 5_000 } };
    const startMs = cluster.nowMs;
    const cause = await rolledBack(
      service.update(hurried, SERVICE.uuid, before, await inputsOf({ image: image("2") })),
    );
    assert.match(String(cause), /was not ready within 5 s/);
    assert.ok(cluster.nowMs - startMs < 10_000);
  });

  it("takes a replica that runs for ready if the gate asks for no more", async () => {
    cluster.lives.set(image("1"), () => ({ state: "running", net_time_us: 0 }));
    const { outputs } = await service.create(context, await inputsOf({}, { rollout: { gate: { type: "running" } } }));
    assert.equal(outputs.instances.length, 2);
  });

  it("leaves nothing behind if its first replica crashes", async () => {
    cluster.lives.set(image("1"), crashes);
    await assert.rejects(service.create(context, await inputsOf()), (e) => UnikernelError.has(e, "GUEST_STOPPED"));
    assert.deepEqual([uuids(), cluster.serviceExists], [[], false]);
  });

  it("keeps its id if it fails and cannot be deleted", async () => {
    cluster.lives.set(image("1"), crashes);
    Object.assign(cluster.client, {
      deleteServices: () => Promise.reject(new UnikernelError("API_UNREACHABLE", "No response.")),
    });
    const failure = await partial(service.create(context, await inputsOf()));
    assert.equal(failure.id, SERVICE.uuid);
    assert.match(String(failure.cause), /the program exited with code 1/);
  });

  /** Fails every read after the next create. */
  const goesSilent = () => {
    const { getServices } = cluster.client;
    let isSilent = false;
    cluster.onCreate = () => {
      isSilent = true;
      return "respond";
    };
    Object.assign(cluster.client, {
      getServices: (...args: Parameters<typeof getServices>) =>
        isSilent ? Promise.reject(new UnikernelError("API_UNREACHABLE", "No response.")) : getServices(...args),
    });
  };

  it("keeps its previous state if an update fails and nothing can be read", async () => {
    const before = await state(await inputsOf());
    goesSilent();
    const news = await inputsOf({ image: image("2"), memoryMb: 256 }, { replicas: 3, domains: [{ name: "shop" }] });
    const { outputs } = await partial(service.update(context, SERVICE.uuid, before, news));
    const { template, replicas, domains, instances, digest, url } = outputs as Partial<Inputs & typeof before.outputs>;
    assert.deepEqual(
      { template, replicas, domains, instances, digest, url },
      {
        template: before.inputs.template,
        replicas: 2,
        domains: undefined,
        instances: before.outputs.instances,
        digest: before.outputs.digest,
        url: before.outputs.url,
      },
    );
    assert.ok("domains" in outputs, "a requested input that was not set must be removed from the state");
  });

  it("has no replicas in state if it is created and nothing can be read", async () => {
    goesSilent();
    const { id, outputs } = await partial(service.create(context, await inputsOf()));
    assert.deepEqual([id, outputs["replicas"], outputs["instances"]], [SERVICE.uuid, 0, []]);
    assert.deepEqual(outputs["ports"], (await inputsOf()).ports);
  });

  it("drains connections at deletion as long as in a rollout", async () => {
    const before = await state(await inputsOf({}, { rollout: { drainTimeoutMs: 7_000 } }));
    const drainTimeouts: unknown[] = [];
    const { stopInstances } = cluster.client;
    Object.assign(cluster.client, {
      stopInstances: (...args: Parameters<typeof stopInstances>) => {
        drainTimeouts.push(...(args[0].body as { drain_timeout_ms?: number }[]).map((one) => one.drain_timeout_ms));
        return stopInstances(...args);
      },
    });
    await service.delete(context, SERVICE.uuid, before);
    assert.deepEqual(drainTimeouts, [7000, 7000]);
  });

  it("has time to be released even if its replicas used up the timeout", async () => {
    const before = await state(await inputsOf());
    const { stopInstances, deleteServices } = cluster.client;
    let deletions = 0;
    Object.assign(cluster.client, {
      stopInstances: (...args: Parameters<typeof stopInstances>) => {
        cluster.nowMs += 400_000;
        return stopInstances(...args);
      },
      deleteServices: (...args: Parameters<typeof deleteServices>) =>
        ++deletions < 3
          ? Promise.resolve({ items: [{ status: "error", error: 15, message: "in use" }], message: undefined })
          : deleteServices(...args),
    });
    await service.delete(context, SERVICE.uuid, before);
    assert.deepEqual([deletions, cluster.serviceExists], [3, false]);
  });

  it("stops replicas gracefully at deletion, and accepts a service that is not found", async () => {
    const before = await state(await inputsOf());
    const stopped: (InstanceItem["state"] | undefined)[] = [];
    const { deleteInstances } = cluster.client;
    Object.assign(cluster.client, {
      deleteInstances: (...args: Parameters<typeof deleteInstances>) => {
        stopped.push(...cluster.items().map((item) => item.state));
        return deleteInstances(...args);
      },
    });
    await service.delete(context, SERVICE.uuid, before);
    assert.deepEqual([new Set(stopped), uuids(), cluster.serviceExists], [new Set(["stopped"]), [], false]);
    await service.delete(context, SERVICE.uuid, before);
  });
});
