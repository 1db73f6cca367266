import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { TIMEOUTS_KEY, URN_KEY } from "../../../provider/definition/internalKeys";
import { DynamicProcess } from "../../support/dynamicProcess";
import { type FakeApi, startFakeApi, success } from "../../support/fakeApi";

const URN = "urn:pulumi:dev::test::my:site:Site$pulumi-nodejs:dynamic/unikernel:Volume::data";
const UUID = "7d2c1a0e-0000-4000-8000-000000000001";

/** A volume in a state, as the API reports it. */
const volume = (state: string, sizeMb = 64) => ({
  status: "success",
  uuid: UUID,
  name: "data",
  size_mb: sizeMb,
  state,
  created_at: "2026-01-01T00:00:00Z",
  persistent: true,
});

describe("a dynamic provider process and its engine", function () {
  this.timeout(60_000);
  let api: FakeApi;
  let dynamic: DynamicProcess;
  /** When each request arrived. */
  let arrivedAtMs: number[];

  beforeEach(async () => {
    arrivedAtMs = [];
    api = await startFakeApi(({ method, body }) => {
      arrivedAtMs.push(Date.now());
      const [item] = Array.isArray(body) ? (body as { size_mb?: number }[]) : [body as { size_mb?: number }];
      return success("volumes", volume(method === "POST" && item?.size_mb === 7 ? "uninitialized" : "available"));
    });
    dynamic = await DynamicProcess.start("Volume", { "unikernel:metro": api.url, "unikernel:token": "t" });
  });
  afterEach(async () => {
    await dynamic.stop();
    await api[Symbol.asyncDispose]();
  });

  it("exits with the engine, and sends nothing more", async () => {
    api.respond = () => {
      arrivedAtMs.push(Date.now());
      return success("volumes", volume("pending"));
    };
    // Many resources that are waited for: a request every few milliseconds.
    const names = Array.from({ length: 30 }, (_, index) => `data-${index}`);
    const settled = names.map((name) =>
      dynamic.create({ [URN_KEY]: URN, name, cloneFrom: "other" }).then(
        () => "made",
        () => "ended",
      ),
    );
    while (arrivedAtMs.length < 100) await sleep(10);
    const killedAtMs = Date.now();
    assert.equal(await dynamic.killEngine(), 0);
    const exitedAfterMs = Date.now() - killedAtMs;
    await sleep(1_000);
    const lastAfterMs = Math.max(...arrivedAtMs) - killedAtMs;
    console.log(
      `      exited ${exitedAfterMs} ms after the end of the connection; last of ${arrivedAtMs.length} requests after ${lastAfterMs} ms`,
    );
    // Without its engine it would wait for the volumes for minutes; a busy machine needs some hundred milliseconds to end it.
    assert.ok(lastAfterMs <= exitedAfterMs && exitedAfterMs < 5_000, "it works on without its engine");
    assert.deepEqual([...new Set(await Promise.all(settled))], ["ended"]);
  });

  it("sends messages to the log of the engine, attached to their resource", async () => {
    const olds = { [URN_KEY]: URN, name: "data", sizeMb: 64, tags: [] };
    const { inputs } = await dynamic.check(olds, { [URN_KEY]: URN, name: "data", sizeMb: 128 });
    await dynamic.diff(UUID, olds, inputs);
    await dynamic.diff(UUID, olds, inputs);
    assert.deepEqual(
      dynamic.logged.map(({ severity, urn }) => [severity, urn]),
      [["info", URN]],
      "once, although the engine asked twice",
    );
    assert.match(dynamic.logged[0]?.message ?? "", /^Volume 'data': the update will grow/);
    assert.deepEqual(
      dynamic.printed,
      dynamic.logged.map(({ message }) => message),
      "nothing on standard output",
    );
  });

  it("logs what concerns a resource of an older state without a URN", async () => {
    await dynamic.diff(UUID, { __resourceName: "data", name: "data", sizeMb: 64 }, { name: "data", sizeMb: 128 });
    assert.deepEqual(
      dynamic.logged.map(({ urn }) => urn),
      [""],
    );
  });

  it("reports each failure once, beginning with its code", async () => {
    const { failures } = await dynamic.check({}, { [URN_KEY]: URN, sizeMb: "big" });
    assert.match(failures[0]?.reason ?? "", /^INPUT_INVALID: sizeMb: /);
    api.respond = () => ({ status: 403, body: { status: "error", message: "no" } });
    await assert.rejects(dynamic.delete(UUID, { [URN_KEY]: URN, name: "data" }), /^Error: [A-Z_]+: /);
    await assert.rejects(dynamic.read(UUID, { [URN_KEY]: URN, name: "data" }), /^Error: [A-Z_]+: /);
    assert.deepEqual(dynamic.errors, []);
  });

  it("takes timeouts of the resource before those of the stack, in create, update and delete", async () => {
    api.respond = ({ method }) => {
      arrivedAtMs.push(Date.now());
      return method === "DELETE" ? undefined : success("volumes", volume("pending"));
    };
    const news = {
      [URN_KEY]: URN,
      [TIMEOUTS_KEY]: { createMs: 1_000, deleteMs: 1_500 },
      name: "data",
      cloneFrom: "other",
    };
    const beganMs = Date.now();
    await assert.rejects(dynamic.create(news), /^Error: WAIT_TIMEOUT: .* 1 s/);
    assert.ok(Date.now() - beganMs < 10_000, "the default is 300 s");
  });

  it("keeps changed timeouts in state without a request, so that a deletion has them", async () => {
    const { outs } = await dynamic.create({ [URN_KEY]: URN, name: "data", sizeMb: 64 });
    const { __provider: _provider, ...unchanged } = outs;
    const asked = api.requests.length;
    const { inputs } = await dynamic.check(outs, {
      [URN_KEY]: URN,
      [TIMEOUTS_KEY]: { deleteMs: 1_000 },
      name: "data",
      sizeMb: 64,
    });
    assert.deepEqual(await dynamic.diff(UUID, outs, inputs), {
      changes: true,
      replaces: [],
      deleteBeforeReplace: false,
    });
    const { __provider: _text, ...state } = await dynamic.update(UUID, outs, inputs);
    assert.equal(api.requests.length, asked, "the update sends nothing");
    assert.deepEqual({ ...state, [TIMEOUTS_KEY]: undefined }, { ...unchanged, [TIMEOUTS_KEY]: undefined });
    assert.deepEqual(state[TIMEOUTS_KEY], { deleteMs: 1_000 });
    assert.equal((await dynamic.diff(UUID, state, inputs)).changes, false);
    // Deleted by what is in state; the connection breaks off until the time is up.
    api.respond = () => undefined;
    const beganMs = Date.now();
    await assert.rejects(dynamic.deleteLater(UUID, state), /^Error: (WAIT_TIMEOUT|API_UNREACHABLE): /);
    assert.ok(Date.now() - beganMs < 30_000, "the default is 300 s");
  });
});
