/** The provider objects in this process, as the dynamic provider process calls them, and the commands for what they leave. */
import assert from "node:assert/strict";
import { deleteObject } from "../../../provider/cli/deleteObject";
import { logs } from "../../../provider/cli/logs";
import { rollStop } from "../../../provider/cli/roll/stop";
import { type DynamicProvider, providerOf } from "../../../provider/pulumi/dynamic/provider";
import { type ResourceKind } from "../../../provider/resources/all";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;
const urnOf = (kind: string, name: string): string =>
  `urn:pulumi:dev::shop::pulumi-nodejs:dynamic/unikernel:${kind}::${name}`;

describe("a provider object", function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let config: Json;

  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    config = { "unikernel:metro": platform.daemon.url, "unikernel:token": platform.daemon.token };
  });
  afterEach(() => platform.close());

  /** The provider of a kind, configured for the platform of this test. */
  async function provide(kind: ResourceKind): Promise<DynamicProvider> {
    const provider = providerOf(kind);
    await provider.configure({ config: { get: (key) => config[key] as string | undefined } });
    return provider;
  }
  const newsOf = (kind: string, inputs: Json, name = "data"): Json => ({ __urn: urnOf(kind, name), ...inputs });

  async function create(provider: DynamicProvider, news: Json) {
    const { inputs, failures } = await provider.check({}, news);
    assert.deepEqual(failures, []);
    return { inputs, ...(await provider.create(inputs)) };
  }

  it("leads a volume through its life", async () => {
    const volume = await provide("Volume");
    const news = newsOf("Volume", { sizeMb: 8 });
    const { id, inputs, outs } = await create(volume, news);
    assert.match(String(outs["name"]), /^data-[0-9a-f]{7}$/);

    const again = await volume.check(inputs, news);
    assert.equal(again.inputs["name"], outs["name"]);
    assert.deepEqual(await volume.diff(id, outs, again.inputs), {
      changes: false,
      replaces: [],
      deleteBeforeReplace: false,
    });
    const read = await volume.read(id, outs);
    assert.deepEqual([read.id, read.inputs?.["sizeMb"]], [id, 8]);

    const grown = await volume.check(inputs, newsOf("Volume", { sizeMb: 16 }));
    assert.deepEqual(grown.failures, []);
    assert.equal((await volume.diff(id, outs, grown.inputs)).changes, true);
    const updated = await volume.update(id, outs, grown.inputs);
    assert.equal(updated.outs["sizeMb"], 16);

    // What stays in the plan is never deleted by it; a later process may.
    await volume.delete(id, updated.outs);
    assert.equal((await volume.read(id, updated.outs)).id, id);
  });

  it("adds nothing to the inputs of a program on a refresh", async () => {
    const provider = await provide("Volume");
    const given = newsOf("Volume", { sizeMb: 8 });
    const { id, inputs, outs } = await create(provider, given);
    assert.equal(outs["filesystem"], "ext4");
    const first = await provider.read(id, outs);
    assert.deepEqual(first.inputs, inputs);
    assert.deepEqual(first.props, outs);
    // One that the program sets later is its own.
    const { inputs: more } = await provider.check(inputs, { ...given, filesystem: "ext4", quotaPolicy: "dynamic" });
    const { outs: updated } = await provider.update(id, outs, more);
    assert.deepEqual((await provider.read(id, updated)).inputs, more);
    await provider.delete(id, updated);
  });

  it("changes only the state when only timeouts change", async () => {
    const volume = await provide("Volume");
    const { id, outs, inputs } = await create(volume, newsOf("Volume", { sizeMb: 8 }));
    const timeouts = { __timeouts: { deleteMs: 60_000 } };
    const checked = await volume.check(inputs, newsOf("Volume", { sizeMb: 8, ...timeouts }));
    assert.equal((await volume.diff(id, outs, checked.inputs)).changes, true);
    const updated = await volume.update(id, outs, checked.inputs);
    assert.deepEqual(updated.outs["__timeouts"], timeouts.__timeouts);
  });

  it("takes the next name after a stranger's object, and rejects a given name that is taken", async () => {
    const volume = await provide("Volume");
    const first = await volume.check({}, newsOf("Volume", { sizeMb: 8 }, "logs"));
    const taken = String(first.inputs["name"]);
    await platform.requestItem("POST", "/v1/volumes", { name: taken, size_mb: 8 });
    await platform.requestItem("POST", "/v1/volumes", { name: "theirs", size_mb: 8, tags: ["pulumi:0:0"] });

    config["unikernel:maxConcurrency"] = "3"; // other settings: what was read of the metro is read again
    const later = await provide("Volume");
    const second = await later.check({}, newsOf("Volume", { sizeMb: 8 }, "logs"));
    assert.equal(second.inputs["name"], `${taken}-2`);
    const given = await later.check({}, newsOf("Volume", { name: "theirs", sizeMb: 8 }, "other"));
    assert.match(given.failures.map(({ reason }) => reason).join(), /^ALREADY_EXISTS: name: volume 'theirs' exists/);
  });

  it("says at the check of an adoption whether it is possible", async () => {
    await platform.requestItem("POST", "/v1/volumes", { name: "kept", size_mb: 32 });
    const volume = await provide("Volume");
    const adopt = (sizeMb: number) => volume.check({}, newsOf("Volume", { name: "kept", sizeMb, adopt: true }, "kept"));
    assert.deepEqual((await adopt(32)).failures, []);
    assert.match((await adopt(16)).failures.map(({ reason }) => reason).join(), /^ALREADY_EXISTS: .*sizeMb/);
  });

  it("fails for adopt without a name", async () => {
    const volume = await provide("Volume");
    const { failures } = await volume.check({}, newsOf("Volume", { sizeMb: 8, adopt: true }));
    assert.match(failures.map(({ reason }) => reason).join(), /INPUT_INVALID: name: adopt: true needs the name of the/);
  });

  it("fails with the code first, for settings, inputs and missing objects", async () => {
    const instance = await provide("Instance");
    const checked = await instance.check({}, newsOf("Instance", { image: "app:1", memoryMb: 1 }, "web"));
    assert.match(checked.failures[0]?.reason ?? "", /^INPUT_INVALID: memoryMb: /);
    await assert.rejects(instance.read("nobody", { __urn: urnOf("Instance", "web") }), /^Instance 'web'/);

    config["unikernel:metro"] = "nowhere!";
    const elsewhere = await provide("Instance");
    const { failures } = await elsewhere.check({}, newsOf("Instance", { image: "app:1" }, "web"));
    assert.match(failures[0]?.reason ?? "", /^CONFIG_INVALID: /);
  });

  it("replaces a volume whose name changes, and deletes the one that no plan keeps", async () => {
    const volume = await provide("Volume");
    const { id, outs, inputs } = await create(volume, newsOf("Volume", { name: "before", sizeMb: 8 }));
    const renamed = await volume.check(inputs, newsOf("Volume", { name: "after", sizeMb: 8 }));
    const { changes, replaces } = await volume.diff(id, outs, renamed.inputs);
    assert.deepEqual([changes, replaces], [true, ["name"]]);
    const replacement = await create(volume, newsOf("Volume", { name: "after", sizeMb: 8 }));
    assert.notEqual(replacement.id, id);
    await volume.diff(id, outs, renamed.inputs);
    await volume.delete(id, outs);
    assert.deepEqual(await volume.read(id, outs), {});
  });

  it("reads what a get looks up, and fails for what does not exist", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "found", size_mb: 8 });
    const volume = await provide("Volume");
    const looked = await volume.read("found", { __urn: urnOf("Volume", "found") });
    assert.equal(looked.id, uuid);
    const again = await volume.read(String(uuid), looked.props ?? {});
    assert.deepEqual(again.props, looked.props);
    await assert.rejects(volume.read("missing", { __urn: urnOf("Volume", "missing") }), /^Volume 'missing'/);
  });

  it("reports a create that fails, and goes on without a metro that does not respond", async () => {
    const volume = await provide("Volume");
    const { inputs } = await volume.check({}, newsOf("Volume", { name: "raced", sizeMb: 8 }, "raced"));
    await platform.requestItem("POST", "/v1/volumes", { name: "raced", size_mb: 8 });
    await assert.rejects(volume.create(inputs), /ALREADY_EXISTS|Volume 'raced'/);

    config["unikernel:metro"] = "http://127.0.0.1:9";
    const offline = await (await provide("Volume")).check({}, newsOf("Volume", { sizeMb: 8 }, "offline"));
    assert.match(String(offline.inputs["name"]), /^offline-[0-9a-f]{7}$/);
  });

  it("rejects the growth of a volume that an instance uses", async () => {
    const volume = await provide("Volume");
    const { inputs, outs } = await create(volume, newsOf("Volume", { sizeMb: 8 }, "used"));
    const volumes = [{ name: outs["name"], at: "/data" }];
    await platform.requestItem("POST", "/v1/instances", { name: "user", image: "app:1", autostart: true, volumes });
    const grown = await volume.check(inputs, newsOf("Volume", { sizeMb: 16 }, "used"));
    assert.match(
      grown.failures.map(({ reason }) => reason).join(),
      /^IN_USE: sizeMb: .* which this stack does not manage/,
    );
  });

  describe("and the command for what no stack manages", () => {
    before(() => (process.env["UKC_TOKEN"] = "token"));
    after(() => delete process.env["UKC_TOKEN"]);

    it("deletes an object, shows a log, and says which arguments it takes", async () => {
      process.env["UKC_TOKEN"] = platform.daemon.token;
      const metro = ["--metro", platform.daemon.url];
      await platform.requestItem("POST", "/v1/volumes", { name: "left", size_mb: 8 });
      assert.match(await deleteObject(["volume", "left", ...metro]), /left/);
      assert.deepEqual((await platform.api("GET", "/v1/volumes")).items, []);
      await assert.rejects(deleteObject(["volume", "left", ...metro]), /left/);
      await assert.rejects(deleteObject(["disk", "left", ...metro]), { code: "INPUT_INVALID" });

      const body = { name: "web", image: "app:1", autostart: true };
      await platform.requestItem("POST", "/v1/instances", body);
      assert.equal(typeof (await logs(["web", ...metro])), "string");
      await assert.rejects(logs(["nobody", ...metro]), { code: "NOT_FOUND" });
      await platform.requestItem("POST", "/v1/services", {
        name: "api-0123456",
        services: [{ port: await freePort() }],
      });
      assert.match(await rollStop(["api", ...metro]), /^No rollout of service 'api-0123456' in metro .* is running\.$/);
      const mistaken = { code: "NOT_FOUND", hint: "Did you mean 'api-0123456'?" };
      await assert.rejects(deleteObject(["service", "api", ...metro]), mistaken);
      await deleteObject(["service", "api-0123456", ...metro]);
      assert.match(await deleteObject(["instance", "web", ...metro]), /web/);
      await assert.rejects(logs([]), { code: "INPUT_INVALID" });

      const services = [{ port: await freePort(), destination_port: 8080 }];
      const { uuid } = await platform.requestItem("POST", "/v1/services", { name: "front", services });
      await platform.requestItem("POST", "/v1/instances", { ...body, service_group: { uuid } });
      await assert.rejects(deleteObject(["service", "front", ...metro]), { code: "IN_USE" });
      assert.match(await deleteObject(["service", "front", ...metro, "--with-instances"]), /front/);
    });

    it("deletes what a stack made only if told to", async () => {
      process.env["UKC_TOKEN"] = platform.daemon.token;
      const metro = ["--metro", platform.daemon.url];
      const finished = `pulumi:${"0".repeat(12)}:${"0".repeat(16)}`;
      const exists = async (collection: string): Promise<boolean> =>
        (await platform.api("GET", `/v1/${collection}`)).items.length > 0;

      await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8, tags: [finished] });
      const refusal = { code: "IN_USE", message: /made by a stack.*nothing was deleted/, hint: /--managed/ };
      await assert.rejects(deleteObject(["volume", "data", ...metro]), refusal);
      assert.equal(await exists("volumes"), true);
      assert.match(await deleteObject(["volume", "data", ...metro, "--managed"]), /Deleted volume 'data'/);
      const tags = [`${finished}:unfinished`];
      await platform.requestItem("POST", "/v1/volumes", { name: "half", size_mb: 8, tags });
      assert.match(await deleteObject(["volume", "half", ...metro]), /Deleted volume 'half'/);
      assert.equal(await exists("volumes"), false);

      const services = [{ port: await freePort(), destination_port: 8080 }];
      const { uuid } = await platform.requestItem("POST", "/v1/services", { name: "api", services });
      const replica = { name: "api-1", image: "app:1", tags: [finished], service_group: { uuid } };
      await platform.requestItem("POST", "/v1/instances", replica);
      const withInstances = ["service", "api", ...metro, "--with-instances"];
      await assert.rejects(deleteObject(withInstances), refusal);
      assert.equal(await exists("instances"), true);
      assert.match(await deleteObject([...withInstances, "--managed"]), /Deleted service 'api'/);
    });
  });
});
