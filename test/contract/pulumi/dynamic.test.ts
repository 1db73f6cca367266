import assert from "node:assert/strict";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { type CallError, DynamicProcess, serializedProvider } from "../../support/dynamicProcess";
import { type FakeApi, failure, startFakeApi, success } from "../../support/fakeApi";
import { eventually } from "../../support/localPlatform";

const item = {
  status: "success",
  uuid: "5a1f0c1e-0000-4000-8000-000000000001",
  name: "data-0123abc",
  state: "available",
  size_mb: 64,
  filesystem: "ext4",
  // As recent as an object that a test just created.
  created_at: new Date().toISOString(),
};
const TOKEN = "t0ken-of-the-test";

describe("the dynamic provider process", () => {
  let api: FakeApi;
  let volume: DynamicProcess;
  before(async () => {
    api = await startFakeApi(() => success("volumes", item));
    volume = await DynamicProcess.start("Volume", {
      "unikernel:metro": api.url,
      "unikernel:token": TOKEN,
      "other:secret": "x",
    });
  });
  after(async () => {
    await volume.stop();
    await api[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    api.requests.length = 0;
    api.respond = () => success("volumes", item);
  });

  it("checks inputs: fills in a name, keeps it, and reports failures by path without values", async () => {
    const first = await volume.check({}, { __resourceName: "data", sizeMb: 64 });
    assert.deepEqual(first.failures, []);
    assert.match(String(first.inputs["name"]), /^data-[0-9a-f]{7}$/);
    const second = await volume.check(first.inputs, { __resourceName: "data", sizeMb: 65 });
    assert.equal(second.inputs["name"], first.inputs["name"]);
    const { failures } = await volume.check({}, { __resourceName: "data", sizeMb: "big", sizemb: 1 });
    assert.deepEqual(
      failures.map((f) => f.property),
      ["", ""],
    );
    assert.match(failures[0]?.reason ?? "", /^INPUT_INVALID: sizeMb: must be a number, got "/);
    assert.match(failures[1]?.reason ?? "", /did you mean 'sizeMb'\?/);
    assert.deepEqual(
      api.requests.map(({ method, url }) => `${method} ${url}`).filter((asked) => asked !== "GET /v1/users/quotas"),
      ["GET /v1/volumes?count=100&details=false", `GET /v1/volumes?name=${String(first.inputs["name"])}`],
      "a check asks for nothing but the quotas, once for the names that are taken, and for the users of a volume that grows",
    );
  });

  it("accepts unknown values in check", async () => {
    const { inputs, failures } = await volume.check({}, { __resourceName: "data", sizeMb: UNKNOWN, name: UNKNOWN });
    assert.deepEqual([inputs["sizeMb"], inputs["name"], failures], [UNKNOWN, UNKNOWN, []]);
  });

  it("rejects a smaller volume", async () => {
    const { failures } = await volume.check(
      { __resourceName: "data", name: "data-0123abc", sizeMb: 64 },
      { __resourceName: "data", sizeMb: 32 },
    );
    assert.match(failures[0]?.reason ?? "", /cannot shrink from 64 to 32 MiB/);
  });

  it("creates with a minimal body and the token, and returns inputs and outputs", async () => {
    const { id, outs } = await volume.create({ __resourceName: "data", name: "data-0123abc", sizeMb: 64 });
    assert.equal(id, item.uuid);
    assert.deepEqual(api.requests[0], {
      method: "POST",
      url: "/v1/volumes",
      authorization: `Bearer ${TOKEN}`,
      body: { name: "data-0123abc", size_mb: 64 },
    });
    assert.deepEqual(
      { ...outs, __provider: undefined },
      {
        __provider: undefined,
        __resourceName: "data",
        __home: { metro: api.url, provider: "" },
        __leftOut: ["filesystem", "accessMode", "quotaPolicy"],
        name: "data-0123abc",
        sizeMb: 64,
        filesystem: "ext4",
        accessMode: "rwo",
        quotaPolicy: "static",
        tags: [],
        deleteLock: false,
        allowDataLoss: false,
        allowRestart: false,
        adopt: false,
        state: "available",
        persistent: true,
        attachedTo: [],
        mountedBy: [],
        createdAt: item.created_at,
      },
    );
    const { inputs } = await volume.check({}, { __resourceName: "data", name: "data-0123abc", sizeMb: 64 });
    const unchanged = await volume.diff(id, outs, inputs);
    assert.deepEqual(unchanged, { changes: false, replaces: [], deleteBeforeReplace: false });
  });

  it("sends no request about an object of another metro, and moves it only with another provider", async () => {
    const news = { __resourceName: "data", name: "data", sizeMb: 64 };
    const there = { ...news, __home: { metro: "https://api.fra.unikraft.cloud", provider: "" } };
    const refused = /^CONFIG_INVALID: Volume 'data' is in metro 'https:\/\/api\.fra\.unikraft\.cloud'/;
    await assert.rejects(volume.read(item.uuid, there), { message: refused });
    await assert.rejects(volume.delete(item.uuid, there), { message: refused });
    await assert.rejects(volume.diff(item.uuid, there, news), { message: refused });
    assert.deepEqual(api.requests, []);
    const moved = await volume.diff(item.uuid, { ...there, __home: { ...there.__home, provider: "fra" } }, news);
    assert.deepEqual(moved, { changes: true, replaces: ["__home"], deleteBeforeReplace: false });
  });

  it("finds by name the object whose create response was lost", async () => {
    api.respond = ({ method }) => (method === "POST" ? undefined : success("volumes", item));
    const { id } = await volume.create({ __resourceName: "data", name: "data-0123abc", sizeMb: 64 });
    assert.equal(id, item.uuid);
    assert.deepEqual(api.requests.filter((a) => a.method === "POST").length, 1);
    assert.equal(api.requests[1]?.url, "/v1/volumes?name=data-0123abc");
  });

  it("waits for a copy in state pending, which only the vendor's prose mentions", async () => {
    const states = ["pending", "initializing"];
    api.respond = ({ method }) =>
      success("volumes", { ...item, state: method === "POST" ? "pending" : (states.shift() ?? "available") });
    const { id, outs } = await volume.create({ __resourceName: "data", name: "data-0123abc", cloneFrom: "other" });
    assert.deepEqual([id, outs["state"], states], [item.uuid, "available", []]);
  });

  it("keeps the id of an object that failed after its creation", async () => {
    api.respond = ({ method }) =>
      method === "DELETE"
        ? failure("volumes", 10, "The disk is stuck")
        : success("volumes", method === "POST" ? item : { ...item, state: "error", message: "disk broke" });
    const error = await volume.create({ __resourceName: "data", name: "data-0123abc", sizeMb: 64 }).then(
      () => assert.fail("it resolved"),
      (e: CallError) => e,
    );
    assert.equal(error.partial?.id, item.uuid);
    assert.equal(error.partial.properties["sizeMb"], 64);
    assert.match(
      error.partial.reasons.join(),
      /OPERATION_FAILED: Volume 'data-0123abc' could not be created: disk broke/,
    );
    // Without its text in state, refresh and destroy could not even find the code that reads and deletes it.
    assert.equal(error.partial.properties["__provider"], serializedProvider("Volume"));
    api.respond = () => success("volumes", item);
    await volume.delete(error.partial.id, error.partial.properties);
  });

  it("reports the API's error with its code and without the token", async () => {
    api.respond = () => failure("volumes", 23, "A volume with the name 'data' already exists");
    const error = await volume.create({ __resourceName: "data", name: "data", sizeMb: 64 }).then(
      () => assert.fail("it resolved"),
      (e: CallError) => e,
    );
    assert.match(
      error.message,
      /^ALREADY_EXISTS: name: Creating volume 'data' failed: A volume with the name 'data' already exists\. Set adopt: true to manage the object that has it, choose another name, or leave the name out\.$/,
    );
    assert.equal(error.partial, undefined);
    assert.doesNotMatch(error.message, new RegExp(TOKEN));
  });

  it("reads back inputs, so that a manual change shows as drift", async () => {
    api.respond = () => success("volumes", { ...item, size_mb: 128 });
    const state = {
      __resourceName: "data",
      __version: 1,
      name: "data-0123abc",
      sizeMb: 64,
      filesystem: "ext4",
      createdAt: "x",
    };
    const { id, inputs, props } = await volume.read(item.uuid, state);
    assert.deepEqual([id, inputs["sizeMb"], props["sizeMb"], inputs["createdAt"]], [item.uuid, 128, 128, undefined]);
  });

  it("reports not found for code 8 only", async () => {
    const state = { __resourceName: "data", name: "data-0123abc", sizeMb: 64 };
    api.respond = () => failure("volumes", 8, "No volume with uuid");
    assert.equal((await volume.read(item.uuid, state)).id, "");
    api.respond = () => ({ status: 403, body: { status: "error", message: "no" } });
    await assert.rejects(volume.read(item.uuid, state), (e: CallError) => /API_UNAUTHORIZED/.test(e.message));
    api.respond = () => failure("volumes", 14, "not allowed");
    await assert.rejects(volume.read(item.uuid, state), (e: CallError) => /NOT_ALLOWED/.test(e.message));
  });

  it("grows a volume in place with one PATCH", async () => {
    const state = { __resourceName: "data", name: "data-0123abc", sizeMb: 64 };
    assert.deepEqual(await volume.diff(item.uuid, state, { ...state, sizeMb: 128 }), {
      changes: true,
      replaces: [],
      deleteBeforeReplace: false,
    });
    await volume.update(item.uuid, state, { ...state, sizeMb: 128 });
    const [patch] = api.requests.filter(({ method }) => method === "PATCH");
    assert.deepEqual(patch?.body, [{ uuid: item.uuid, prop: "size_mb", op: "set", value: 128 }]);
  });

  it("creates the replacement first, unless the name was given or it mounts a volume", async () => {
    const instance = await DynamicProcess.start("Instance", {});
    try {
      const changed = async (given: object) => {
        const { inputs } = await instance.check({}, { __resourceName: "web", image: "a", ...given });
        const next = await instance.check(inputs, { __resourceName: "web", ...given, restartPolicy: "always" });
        return instance.diff("i", inputs, next.inputs);
      };
      assert.deepEqual(await changed({}), { changes: true, replaces: ["restartPolicy"], deleteBeforeReplace: false });
      assert.equal((await changed({ name: "web" })).deleteBeforeReplace, true);
      assert.equal((await changed({ volumes: [{ volume: "v", at: "/data" }] })).deleteBeforeReplace, true);
      // State of a release without the newer inputs: their defaults are what it ran with.
      const { inputs } = await instance.check({}, { __resourceName: "web", name: "web", image: "a" });
      const older = { __resourceName: "web", name: "web", image: "a" };
      assert.deepEqual(await instance.diff("i", older, inputs), {
        changes: false,
        replaces: [],
        deleteBeforeReplace: false,
      });
    } finally {
      await instance.stop();
    }
  });

  it("separates certain from possible changes of a partly unknown update", async () => {
    const service = await DynamicProcess.start("Service", { "unikernel:metro": api.url, "unikernel:token": TOKEN });
    try {
      const foretells = async (changed: object, sentences: readonly string[]) => {
        const base = { __resourceName: "web", ports: [{ port: 8080 }], template: { image: "a" } };
        const { inputs } = await service.check({}, base);
        const next = await service.check(inputs, { ...base, ...changed });
        assert.deepEqual(next.failures, []);
        service.printed.length = 0;
        const { changes, replaces } = await service.diff("i", inputs, next.inputs);
        assert.deepEqual([changes, replaces], [true, []]);
        await eventually("all is printed", () => service.printed.length >= sentences.length);
        assert.deepEqual(service.printed, sentences);
      };
      await foretells({ template: { image: "a", memoryMb: 256, volumes: UNKNOWN } }, [
        "Service 'web': the update will roll the changed template out to 1 replica (rolling): in 1 batch, at most 2 at once, at least 1 serving.",
        "Service 'web': template will change (value not fully known yet).",
      ]);
      await foretells({ softLimit: 2, ports: [{ port: 9090 }, UNKNOWN] }, [
        "Service 'web': the update will set the soft limit to 2.",
        "Service 'web': ports will change (value not fully known yet).",
      ]);
    } finally {
      await service.stop();
    }
  });

  it("replaces a volume when its name changes", async () => {
    const state = { __resourceName: "data", name: "data", sizeMb: 64 };
    assert.deepEqual(await volume.diff(item.uuid, state, { ...state, name: "other" }), {
      changes: true,
      replaces: ["name"],
      deleteBeforeReplace: false,
    });
  });

  it("treats a delete of a missing object as done, and reports one that is in use", async () => {
    const state = { __resourceName: "data", name: "data", sizeMb: 64 };
    api.respond = () => failure("volumes", 8, "No volume");
    await volume.delete(item.uuid, state);
    api.respond = () => failure("volumes", 15, "Volume is attached");
    await assert.rejects(volume.delete(item.uuid, state), (e: CallError) =>
      /IN_USE: Deleting volume 'data' failed: Volume is attached/.test(e.message),
    );
  });
});

describe("the dynamic provider process for every kind", () => {
  it("reads an object for get without state, and returns the id to use", async () => {
    const uuid = "5a1f0c1e-0000-4000-8000-000000000002";
    const group = { status: "success", uuid, name: "edge", services: [{ port: 8080 }], instances: [] };
    await using api = await startFakeApi(() => success("service_groups", group));
    const service = await DynamicProcess.start("Service", { "unikernel:metro": api.url, "unikernel:token": TOKEN });
    try {
      for (const named of ["edge", uuid]) {
        const { id, inputs } = await service.read(named, { __resourceName: "found" });
        assert.deepEqual(
          [id, inputs["name"], inputs["ports"]],
          [uuid, "edge", [{ port: 8080, handlers: [], protocol: "tcp" }]],
        );
      }
      api.respond = () => failure("service_groups", 8, "No service group");
      await assert.rejects(service.read("edge", { __resourceName: "found" }), {
        message: /^NOT_FOUND: Service 'edge' does not exist in this metro\./,
      });
      assert.equal((await service.read(uuid, { __resourceName: "mine", name: "edge" })).id, "", "gone");
    } finally {
      await service.stop();
    }
  });

  it("rejects an image without a repository at preview if the token names no user", async () => {
    const image = await DynamicProcess.start("GatewayImage", { "unikernel:metro": "fra", "unikernel:token": "opaque" });
    try {
      const { failures } = await image.check({}, { __resourceName: "i", context: UNKNOWN });
      assert.match(
        failures[0]?.reason ?? "",
        /^INPUT_INVALID: repository: The repository of image 'i-[0-9a-z]+' is not known: the metro has no token that names a user of the vendor's registry\. Set 'repository'/,
      );
      const { failures: none } = await image.check(
        {},
        { __resourceName: "i", context: UNKNOWN, repository: "ghcr.io/acme/i" },
      );
      assert.deepEqual(none, []);
    } finally {
      await image.stop();
    }
  });
});
