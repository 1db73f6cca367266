import assert from "node:assert/strict";
import { ResourceInitFailedError } from "../../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { type Inputs, ReloadedService, type State, checkedInputs } from "../../../../support/reloadedService";
import { contextWithClient } from "../../../../support/resourceContext";

const image = (digit: string) => `oci://registry.test/web@sha256:${digit.repeat(64)}`;

describe("a service whose reloadOn changes, without a request that reloads", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let web: ReloadedService;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
    web = new ReloadedService(cluster, context);
  });

  const inputsOf = (reloadOn: readonly unknown[] | undefined, more: object = {}): Promise<Inputs> =>
    checkedInputs({ ports: [{ port: 80, handlers: ["http"] }], template: { image: image("1") }, reloadOn, ...more });
  const launched = () => cluster.log.filter((entry) => entry.startsWith("create")).length;

  it("replaces each replica once, one more at a time, and shows no drift", async () => {
    const [olds, news] = [await inputsOf(["a"]), await inputsOf(["b"])];
    const before = await web.create(olds);
    assert.deepEqual(before.outputs.instances[0]?.configuration, web.mark(["a"]));
    assert.deepEqual(web.preview(before, news), [
      "restart 3 replicas (rolling): in 3 batches of 1, at most 4 at once, at least 3 serving",
    ]);
    const first = web.uuids();
    const counts: number[] = [];
    cluster.onChange = () => counts.push(cluster.items().filter(({ state }) => state === "running").length);
    const after = await web.update(before, news);
    assert.ok(Math.min(...counts) >= 3 && Math.max(...counts) <= 4, counts.join());
    assert.ok(web.uuids().every((uuid) => !first.includes(uuid)));
    assert.deepEqual(web.configurations(), web.marks(["b"]));
    assert.deepEqual(web.preview(after, news), []);
    assert.deepEqual((await service.read(context, SERVICE.uuid, news, after.outputs))?.inputs, news);
    const looked = await service.read(context, SERVICE.uuid, news);
    assert.deepEqual(looked?.inputs.reloadOn, undefined, "without the key, nothing is known of it");
    assert.equal(launched(), 6);
  });

  it("keeps the replicas with the strategy inPlace", async () => {
    const rollout = { strategy: "inPlace" };
    const before = await web.create(await inputsOf(["a"], { rollout }));
    const first = web.uuids();
    await web.update(before, await inputsOf(["b"], { rollout }));
    assert.deepEqual(web.uuids(), first);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
    assert.deepEqual(cluster.log.filter((entry) => /^(stop|start) /.test(entry)).length, 6);
  });

  it("restarts nothing twice if the template changes too", async () => {
    const before = await web.create(await inputsOf(["a"]));
    const news = await inputsOf(["b"], { template: { image: image("2") } });
    assert.match(web.preview(before, news)?.join() ?? "", /^roll the changed template out to 3 replicas/);
    await web.update(before, news);
    assert.equal(launched(), 6);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
  });

  it("restarts replicas whose configuration is not known once, and says so", async () => {
    const before = await web.create(await inputsOf(undefined));
    const news = await inputsOf(["a"]);
    assert.match(web.preview(before, news)?.join() ?? "", /; it is not known which configuration they have now$/);
    const after = await web.update(before, news);
    assert.equal(launched(), 6);
    assert.deepEqual(web.preview(after, news), []);
  });

  it("restarts replicas whose marks have a key that the state lacks once, and says so", async () => {
    const news = await inputsOf(["a"]);
    const { inputs, outputs } = await web.create(news);
    const before = { inputs, outputs: { ...outputs, hashKey: undefined } };
    assert.match(
      web.preview(before, news)?.join() ?? "",
      /^restart 3 replicas .*; it is not known which configuration/,
    );
    const after = await web.update(before, news);
    assert.equal(launched(), 6);
    assert.deepEqual(web.preview(after, news), []);
  });

  it("scales and restarts in one update", async () => {
    const before = await web.create(await inputsOf(["a"], { replicas: 2 }));
    const news = await inputsOf(["b"]);
    assert.match(web.preview(before, news)?.join() ?? "", /^launch 1 replica; restart 2 replicas \(rolling\)/);
    await web.update(before, news);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
    assert.equal(launched(), 5);
  });

  it("keeps what serves if a replica fails with the new configuration, and continues later", async () => {
    const before = await web.create(await inputsOf(["a"]));
    const first = web.uuids();
    const news = await inputsOf(["b"]);
    let launches = 0;
    cluster.onCreate = () => {
      launches += 1;
      if (launches > 1) cluster.lives.set(image("1"), () => ({ state: "stopped", stop_reason: 3, exit_code: 1 }));
      return "respond";
    };
    const error: unknown = await web.update(before, news).catch((e: unknown) => e);
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    assert.match(
      error.message,
      /A restart cannot give replicas their previous configuration back. 1 new replica removed; 2 old replicas and 1 new replica still serving/,
    );
    assert.equal(web.uuids().filter((uuid) => first.includes(uuid)).length, 2);
    const { reloadOn, instances } = error.outputs as unknown as Inputs & State["outputs"];
    assert.equal(reloadOn, undefined, "the state does not claim what is not so");
    cluster.onCreate = () => "respond";
    cluster.lives.clear();
    const left = { inputs: { ...news, reloadOn: undefined } as Inputs, outputs: { ...before.outputs, instances } };
    assert.match(
      web.preview(left, news)?.join() ?? "",
      /^finish the restart: 2 of 3 still have the previous configuration; restart 2 replicas/,
    );
    const launchedBefore = launched();
    await web.update(left, news);
    assert.equal(launched() - launchedBefore, 2);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
  });
});
