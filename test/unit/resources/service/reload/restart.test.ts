import assert from "node:assert/strict";
import { check } from "../../../../../provider/definition/check";
import { ResourceInitFailedError } from "../../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { configurationIn, configurationOf } from "../../../../../provider/resources/service/reload/configuration";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../../support/resourceContext";

type Inputs = Parameters<typeof service.create>[1];
const image = (digit: string) => `oci://registry.test/web@sha256:${digit.repeat(64)}`;

describe("a service whose reloadOn changes, without a request that reloads", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const inputsOf = async (reloadOn: readonly unknown[] | undefined, more: object = {}): Promise<Inputs> => {
    const template = { image: image("1") };
    const args = { name: "web", ports: [{ port: 80, handlers: ["http"] }], replicas: 3, template, reloadOn, ...more };
    const { inputs, failures } = await check(service, {}, args);
    assert.deepEqual(failures, []);
    return inputs as Inputs;
  };
  const create = async (inputs: Inputs) => ({ inputs, outputs: (await service.create(context, inputs)).outputs });
  type State = Awaited<ReturnType<typeof create>>;
  const update = async (before: State, news: Inputs): Promise<State> => {
    const outputs = await service.update(context, SERVICE.uuid, before, news);
    return { inputs: news, outputs };
  };
  const uuids = () => [...cluster.instances.keys()];
  const configurations = () => cluster.items().map((item) => configurationIn(item));
  const launched = () => cluster.log.filter((entry) => entry.startsWith("create")).length;
  const preview = (before: State, news: Inputs) => service.describeUpdate?.(before.inputs, news, before.outputs);

  it("replaces each replica once, one more at a time, and shows no drift", async () => {
    const [olds, news] = [await inputsOf(["a"]), await inputsOf(["b"])];
    const before = await create(olds);
    assert.deepEqual(before.outputs.instances[0]?.configuration, configurationOf(["a"]));
    assert.deepEqual(preview(before, news), [
      "restart 3 replicas (rolling): in 3 batches of 1, at most 4 at once, at least 3 serving",
    ]);
    const first = uuids();
    const counts: number[] = [];
    cluster.onChange = () => counts.push(cluster.items().filter(({ state }) => state === "running").length);
    const after = await update(before, news);
    assert.ok(Math.min(...counts) >= 3 && Math.max(...counts) <= 4, counts.join());
    assert.ok(uuids().every((uuid) => !first.includes(uuid)));
    assert.deepEqual(
      configurations(),
      Array.from({ length: 3 }, () => configurationOf(["b"])),
    );
    assert.deepEqual(preview(after, news), []);
    assert.deepEqual((await service.read(context, SERVICE.uuid, news))?.inputs, news);
    assert.equal(launched(), 6);
  });

  it("keeps the replicas with the strategy inPlace", async () => {
    const rollout = { strategy: "inPlace" };
    const before = await create(await inputsOf(["a"], { rollout }));
    const first = uuids();
    await update(before, await inputsOf(["b"], { rollout }));
    assert.deepEqual(uuids(), first);
    assert.deepEqual(
      configurations(),
      Array.from({ length: 3 }, () => configurationOf(["b"])),
    );
    assert.deepEqual(cluster.log.filter((entry) => /^(stop|start) /.test(entry)).length, 6);
  });

  it("restarts nothing twice if the template changes too", async () => {
    const before = await create(await inputsOf(["a"]));
    const news = await inputsOf(["b"], { template: { image: image("2") } });
    assert.match(preview(before, news)?.join() ?? "", /^roll the changed template out to 3 replicas/);
    await update(before, news);
    assert.equal(launched(), 6);
    assert.deepEqual(
      configurations(),
      Array.from({ length: 3 }, () => configurationOf(["b"])),
    );
  });

  it("restarts replicas whose configuration is not known once, and says so", async () => {
    const before = await create(await inputsOf(undefined));
    const news = await inputsOf(["a"]);
    assert.match(preview(before, news)?.join() ?? "", /; it is not known which configuration they have now$/);
    const after = await update(before, news);
    assert.equal(launched(), 6);
    assert.deepEqual(preview(after, news), []);
  });

  it("scales and restarts in one update", async () => {
    const before = await create(await inputsOf(["a"], { replicas: 2 }));
    const news = await inputsOf(["b"]);
    assert.match(preview(before, news)?.join() ?? "", /^launch 1 replica; restart 2 replicas \(rolling\)/);
    await update(before, news);
    assert.deepEqual(
      configurations(),
      Array.from({ length: 3 }, () => configurationOf(["b"])),
    );
    assert.equal(launched(), 5);
  });

  it("keeps what serves if a replica fails with the new configuration, and continues later", async () => {
    const before = await create(await inputsOf(["a"]));
    const first = uuids();
    const news = await inputsOf(["b"]);
    let launches = 0;
    cluster.onCreate = () => {
      launches += 1;
      if (launches > 1) cluster.lives.set(image("1"), () => ({ state: "stopped", stop_reason: 3, exit_code: 1 }));
      return "respond";
    };
    const error: unknown = await update(before, news).catch((e: unknown) => e);
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    assert.match(
      error.message,
      /A restart cannot give replicas their previous configuration back. 1 new replica removed; 2 old replicas and 1 new replica still serving/,
    );
    assert.equal(uuids().filter((uuid) => first.includes(uuid)).length, 2);
    const { reloadOn, instances } = error.outputs as unknown as Inputs & State["outputs"];
    assert.equal(reloadOn, undefined, "the state does not claim what is not so");
    cluster.onCreate = () => "respond";
    cluster.lives.clear();
    const left = { inputs: { ...news, reloadOn: undefined } as Inputs, outputs: { ...before.outputs, instances } };
    assert.match(
      preview(left, news)?.join() ?? "",
      /^finish the restart: 2 of 3 still have the previous configuration; restart 2 replicas/,
    );
    const launchedBefore = launched();
    await update(left, news);
    assert.equal(launched() - launchedBefore, 2);
    assert.deepEqual(
      configurations(),
      Array.from({ length: 3 }, () => configurationOf(["b"])),
    );
  });
});
