import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UnikernelError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import { inputsFromState, toState } from "../../../../provider/pulumi/dynamic/state";
import { resourceOf } from "../../../../provider/resources/all";
import { instance } from "../../../../provider/resources/instance/resource";
import type { InstanceInputs } from "../../../../provider/resources/instance/inputs";
import type { InstanceOutputs } from "../../../../provider/resources/instance/outputs";
import { type InstanceStep, planInstanceUpdate } from "../../../../provider/resources/instance/plan";
import { anyInstance } from "../../../support/anyInstance";
import { DIGEST, FakeInstances, uuidOf } from "../../../support/fakeInstances";

const [DATA, LOGS] = [uuidOf("7", 1), uuidOf("7", 2)];

/** Inputs that are updated in place. */
const IN_PLACE: readonly string[] = [
  ...["args", "env", "memoryMb", "vcpus", "volumes", "roms", "plugins", "tags", "annotations", "hostname"],
  ...["dependencies", "schedules", "autokill", "schedPriority", "deleteLock", "drainTimeoutMs"],
];

/** Volumes by uuid, as other resources return them, each mounted once. */
const withUuids = ({ volumes, ...rest }: { volumes?: { volume: string }[] }): object => ({
  ...rest,
  ...(volumes === undefined
    ? {}
    : { volumes: volumes.map((one, index) => ({ ...one, volume: uuidOf("7", index + 10) })) }),
});

const checked = async (args: object): Promise<InstanceInputs> => {
  const hasSource = ["template", "branchFrom", "checkpoint"].some((source) => source in args);
  const image = hasSource ? {} : { image: "acme/web:1" };
  const { inputs, failures } = await check(instance, {}, { name: "web", ...image, ...args });
  assert.deepEqual(failures, []);
  return inputs as InstanceInputs;
};
const rejection = (item: object) => ({ item: { status: "error", ...item } });
const lostResponse = (after = false) => ({
  error: new UnikernelError("API_UNREACHABLE", "The response was lost."),
  after,
});

describe("the update of an instance", () => {
  let api: FakeInstances;
  beforeEach(() => (api = new FakeInstances()));

  /** A state, as the engine keeps it. */
  interface State {
    readonly id: string;
    readonly inputs: InstanceInputs;
    readonly outputs: InstanceOutputs;
  }
  async function create(args: object): Promise<State> {
    const inputs = await checked(args);
    const { id, outputs } = await instance.create(api.context, inputs);
    api.log.length = 0;
    return { id, inputs, outputs };
  }
  const update = async ({ id, inputs, outputs }: State, args: object) => {
    const news = await checked(args);
    return instance.update(api.context, id, { inputs, outputs }, news);
  };
  const failed = async (promise: Promise<unknown>): Promise<ResourceInitFailedError> => {
    const error: unknown = await promise.then(
      () => assert.fail("it resolved"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    return error;
  };
  /** The state after a failure, as the front end writes and reads it: the inputs, overridden by what the failure contains. */
  const after = async ({ id, outputs }: ResourceInitFailedError, args: object): Promise<State> => {
    const resource = resourceOf("Instance");
    const state = toState(resource, { metro: "test", provider: "" }, {}, await checked(args), outputs);
    return {
      id,
      inputs: inputsFromState(resource, state) as InstanceInputs,
      outputs: state as unknown as InstanceOutputs,
    };
  };
  const FULL = {
    args: ["/serve"],
    env: { A: "1" },
    tags: ["a"],
    annotations: { "a.b/c": "d" },
    hostname: "shop",
    schedules: [{ name: "s", when: "daily", action: "start" }],
    autokill: { timeMs: 1000 },
    roms: [{ name: "r", files: [{ path: "/a", data: "b" }] }],
  };
  for (const [name, clearing] of Object.entries({
    "takes both forms": {},
    "takes only 'del'": { set: "refuses" },
    "ignores 'set' without a value": { set: "ignores" },
  } as const))
    it(`clears every input where the metro ${name}`, async () => {
      const before = await create(FULL);
      api.clearing = clearing;
      await update(before, {});
      const after = await checked({});
      assert.deepEqual((await instance.read(api.context, before.id, after))?.inputs, after);
    });

  it("fails where the metro clears in neither form, and keeps what it could not clear in state", async () => {
    const before = await create(FULL);
    api.clearing = { set: "ignores", del: "refuses" };
    const error = await failed(update(before, {}));
    assert.match(String(error), /Clearing args .*the old value is still there/);
    const state = await after(error, {});
    assert.deepEqual([state.inputs.env, state.inputs.tags], [FULL.env, FULL.tags]);
  });

  it("takes a value for cleared that the server fills in where there is none", async () => {
    const before = await create({ hostname: "web", args: ["/server"] });
    api.clearing = { set: "ignores", del: "ignores" };
    api.imageArgs = ["/server"];
    await update(before, {});
    api.imageArgs = ["/other"];
    const other = await create({ name: "other", args: ["/server"] });
    assert.match(String(await failed(update(other, { name: "other" }))), /Clearing args of instance/);
  });

  /** Fails every read from now on. */
  let readable: () => void = () => undefined;
  const unreadable = () => {
    const { getInstances } = api.context.client;
    readable = () => void Object.assign(api.context.client, { getInstances });
    Object.assign(api.context.client, { getInstances: () => Promise.reject(lostResponse().error) });
  };
  const differing = async (state: State, args: object): Promise<string[]> =>
    diff(instance, state.inputs, await checked(args)).map(({ property }) => property);

  it("runs the steps in order and ends with the requested settings", async () => {
    const state = await create({ volumes: [{ volume: DATA, at: "/data" }], drainTimeoutMs: 3000 });
    const news = { volumes: [{ volume: LOGS, at: "/logs" }], memoryMb: 256, env: { A: "b" }, drainTimeoutMs: 3000 };
    const outputs = await update(state, news);
    assert.deepEqual(api.log, ["stop 3000", `detach ${DATA}`, "patch env memory_mb", `attach ${LOGS} /logs`, "start"]);
    assert.equal(outputs.state, "running");
    const read = await instance.read(api.context, state.id, await checked(news));
    assert.deepEqual(await differing({ ...state, inputs: read?.inputs ?? state.inputs }, news), []);
  });

  /** The API call of a plan step. */
  const callOf = (step: InstanceStep): readonly string[] => {
    const of = (mount: { volume: string }) => mount.volume;
    switch (step.do) {
      case "stop":
        return [step.drainTimeoutMs === 0 ? "stop" : `stop ${step.drainTimeoutMs}`];
      case "patch":
        return [`patch ${step.patches.map(({ prop }) => prop).join(" ")}`];
      case "detach":
        return [`detach ${of(step.mount)}`];
      case "attach":
        return [`attach ${of(step.mount)} ${step.mount.at}`];
      case "start":
        return ["start"];
      case "await":
      case "verify":
        return [];
    }
  };

  it("makes exactly the requests of its plan and ends with the requested settings", async () => {
    await fc.assert(
      fc.asyncProperty(anyInstance, anyInstance, async (before, change) => {
        api = new FakeInstances();
        // The engine handles a replacement.
        const fixed = Object.entries(before).filter(([key]) => !IN_PLACE.includes(key));
        const changed = Object.entries(change).filter(([key]) => IN_PLACE.includes(key));
        const uuids = (args: object) => withUuids(args as { volumes?: { volume: string }[] });
        const [olds, news] = [uuids(before), uuids(Object.fromEntries([...fixed, ...changed]))];
        const { failures } = await check(instance, {}, { name: "web", ...news });
        fc.pre(failures.length === 0);
        const state = await create(olds);
        const requested = await checked(news);
        const steps = planInstanceUpdate(state.inputs, requested, state.outputs.state === "stopped" ? "down" : "up");
        await update(state, news);
        assert.deepEqual(api.log, steps.flatMap(callOf));
        const read = await instance.read(api.context, state.id, requested);
        assert.deepEqual(diff(instance, { ...read?.inputs }, requested), []);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the instance up if the change applies in any state", async () => {
    const state = await create({});
    await update(state, { tags: ["a"], deleteLock: true });
    assert.deepEqual(api.log, ["patch tags delete_lock"]);
    assert.equal(api.only.state, "running");
  });

  it("keeps a stopped instance stopped and changes it", async () => {
    const state = await create({});
    api.only.state = "stopped";
    const read = await instance.read(api.context, state.id, state.inputs);
    assert.ok(read);
    const outputs = await update({ ...state, outputs: read.outputs }, { memoryMb: 256 });
    assert.deepEqual(api.log, ["patch memory_mb"]);
    assert.deepEqual([outputs.state, api.only.memory_mb], ["stopped", 256]);
  });

  it("stops an instance that was started after it was read as stopped", async () => {
    const state = await create({});
    const outputs = { ...state.outputs, state: "stopped" };
    assert.equal((await update({ ...state, outputs }, { memoryMb: 256 })).state, "running");
    assert.deepEqual(api.log, ["stop", "patch memory_mb", "start"]);
  });

  for (const wasSeen of [true, false]) {
    it(`stops, changes, starts and verifies an instance that waits for a restart, ${wasSeen ? "known from state" : "detected on the way"}`, async () => {
      const state = await create({ restartPolicy: "always" });
      Object.assign(api.only, { state: "stopped", stop_reason: 3, exit_code: 1 });
      const restart = { attempt: 4, next_at: "2026-01-01T00:05:00Z" };
      if (wasSeen) api.only.restart = restart;
      const read = await instance.read(api.context, state.id, state.inputs);
      api.only.restart = restart;
      const outputs = read?.outputs ?? state.outputs;
      assert.deepEqual(outputs.restart, wasSeen ? { attempt: 4, nextAt: "2026-01-01T00:05:00Z" } : undefined);
      const news = { restartPolicy: "always", env: { A: "b" } };
      const previewed = instance.describeUpdate?.(state.inputs, await checked(news), outputs) ?? [];
      if (wasSeen) assert.deepEqual(previewed, ["stop it", "change env in place", "start it"]);
      assert.equal((await update({ ...state, outputs }, news)).state, "running");
      assert.deepEqual(api.log, ["stop", "patch env", "start"]);
    });
  }

  it("starts an instance that an interrupted update stopped", async () => {
    const state = await create({});
    // The process was killed after the stop: its state still says that it ran.
    api.only.state = "stopped";
    assert.equal((await update(state, { memoryMb: 256 })).state, "running");
    assert.deepEqual(api.log, ["patch memory_mb", "start"]);
  });

  it("starts an instance that never started because its create failed", async () => {
    const inputs = await checked({});
    api.afterStart = (item) => (item.state = "starting");
    const failure = await failed(instance.create(api.context, inputs));
    assert.ok(UnikernelError.has(failure.cause, "WAIT_TIMEOUT"));
    api.only.state = "stopped";
    api.afterStart = (item) => (item.state = "running");
    const state = await after(failure, {});
    assert.equal((await update(state, {})).state, "running");
  });

  it("does not start an instance that is meant to be stopped", async () => {
    const state = await create({ autostart: false });
    assert.equal(api.only.state, "stopped");
    await update(state, { autostart: false, memoryMb: 256 });
    assert.deepEqual(api.log, ["patch memory_mb"]);
  });

  it("reports what was and was not changed after a partial failure, and continues from there", async () => {
    const state = await create({});
    api.fault = (entry) =>
      entry === "set memory_mb" ? rejection({ error: 19, message: "Quota exceeded" }) : undefined;
    const news = { memoryMb: 4096, env: { A: "b" }, vcpus: 2 };
    const failure = await failed(update(state, news));
    assert.ok(UnikernelError.has(failure.cause, "QUOTA_EXCEEDED"));
    assert.equal(failure.cause.property, "memoryMb");
    assert.deepEqual(failure.cause.details["succeeded"], ["env", "vcpus"]);
    assert.match(
      failure.cause.message,
      /^Changing memoryMb of instance 'web' .*Quota exceeded.* env, vcpus were changed\.$/,
    );
    const now = await after(failure, news);
    assert.deepEqual(await differing(now, news), ["memoryMb"]);
    api.fault = () => undefined;
    api.log.length = 0;
    assert.equal((await update(now, { ...news, memoryMb: 512 })).state, "running");
    assert.deepEqual(api.log, ["patch memory_mb", "start"]);
  });

  it("leaves the instance running if no change was accepted", async () => {
    const state = await create({});
    api.fault = (entry) =>
      entry.startsWith("set ") ? rejection({ error: 11, message: "Instance is not stopped" }) : undefined;
    const news = { memoryMb: 256, env: { A: "b" } };
    const failure = await failed(update(state, news));
    assert.ok(UnikernelError.has(failure.cause, "STATE_CONFLICT"));
    assert.equal(api.only.state, "running");
    assert.deepEqual(await differing(await after(failure, news), news), ["env", "memoryMb"]);
  });

  it("leaves a start to the next update if the restart after a rejected change failed", async () => {
    const state = await create({});
    api.fault = (entry) =>
      entry.startsWith("set ") || entry === "start" ? rejection({ error: 10, message: "Not now" }) : undefined;
    const failure = await failed(update(state, { memoryMb: 256 }));
    assert.equal(api.only.state, "stopped");
    api.fault = () => undefined;
    assert.equal((await update(await after(failure, { memoryMb: 256 }), { memoryMb: 256 })).state, "running");
  });

  for (const [what, at, left] of [
    ["the stop", "stop", ["memoryMb", "volumes"]],
    ["a detach", `detach ${DATA}`, ["memoryMb", "volumes"]],
    ["the changes", "patch memory_mb", ["memoryMb", "volumes"]],
    ["an attach", `attach ${LOGS} /logs`, ["volumes"]],
    ["the start", "start", []],
  ] as const) {
    for (const acted of [false, true]) {
      it(`continues after the response to ${what} was lost, ${acted ? "after" : "before"} the server acted`, async () => {
        const state = await create({ volumes: [{ volume: DATA, at: "/data" }] });
        const news = { volumes: [{ volume: LOGS, at: "/logs" }], memoryMb: 256 };
        api.fault = (entry) => (entry === at && !api.log.slice(0, -1).includes(at) ? lostResponse(acted) : undefined);
        let outputs: InstanceOutputs;
        if (acted && at.startsWith("detach")) {
          // What is no longer mounted is detached, whatever happened to the response.
          outputs = await update(state, news);
        } else {
          const failure = await failed(update(state, news));
          const now = await after(failure, news);
          const differences = await differing(now, news);
          assert.ok(
            differences.every((one) => (left as readonly string[]).includes(one)),
            differences.join(),
          );
          api.fault = () => undefined;
          outputs = await update(now, news);
        }
        assert.equal(outputs.state, "running");
        assert.deepEqual([api.only.memory_mb, api.only.volumes.map(({ uuid }) => uuid)], [256, [LOGS]]);
      });
    }
  }

  /** Inputs that a program may omit. */
  const OPTIONAL: Readonly<Record<string, unknown>> = {
    args: ["--x"],
    hostname: "www",
    autokill: { timeMs: 5 },
    scaleToZero: { policy: "on" },
  };

  it("saves no change that was not made, even a new property, readable or not", async () => {
    for (const isReadable of [true, false]) {
      api = new FakeInstances();
      const state = await create({ service: "shop" });
      const news = { service: "shop", ...OPTIONAL, imagePull: { policy: "always" } };
      api.fault = (entry) => {
        if (entry.startsWith("patch ") && !isReadable) unreadable();
        return entry.startsWith("set ") ? rejection({ error: 11, message: "Not now" }) : undefined;
      };
      const failure = await failed(update(state, news));
      const now = await after(failure, news);
      assert.deepEqual((await differing(now, news)).sort(), Object.keys(OPTIONAL).sort(), `readable: ${isReadable}`);
      assert.equal(now.inputs.imagePull, undefined);
    }
  });

  it("saves no removed value if nobody can read what exists", async () => {
    const state = await create({ args: ["--x"], hostname: "www" });
    api.fault = (entry) => {
      if (entry === "start") unreadable();
      return entry === "start" ? lostResponse() : undefined;
    };
    const failure = await failed(update(state, {}));
    assert.deepEqual(await differing(await after(failure, {}), {}), []);
  });

  it("restarts the instance if its first change, the attachment of a volume, is rejected", async () => {
    const state = await create({});
    api.fault = (entry) => (entry.startsWith("attach") ? rejection({ error: 15, message: "attached" }) : undefined);
    const failure = await failed(update(state, { volumes: [{ volume: DATA, at: "/data" }] }));
    assert.ok(UnikernelError.has(failure.cause, "IN_USE"));
    assert.deepEqual([api.only.state, api.log.at(-1)], ["running", "start"]);
    assert.deepEqual(await differing(await after(failure, {}), {}), []);
  });

  it("leaves a start pending if one volume was detached and another cannot be attached", async () => {
    const state = await create({ volumes: [{ volume: DATA, at: "/data" }] });
    const news = { volumes: [{ volume: LOGS, at: "/logs" }] };
    api.fault = (entry) => (entry.startsWith("attach") ? rejection({ error: 15, message: "attached" }) : undefined);
    const now = await after(await failed(update(state, news)), news);
    assert.deepEqual([api.only.state, now.inputs.volumes], ["stopped", []]);
    api.fault = () => undefined;
    assert.equal((await update(now, news)).state, "running");
  });

  it("saves the mounts and the last reported outputs if nothing can be read", async () => {
    const state = await create({ volumes: [{ volume: DATA, at: "/data" }] });
    const news = { volumes: [{ volume: LOGS, at: "/logs" }] };
    api.fault = (entry) => {
      if (!entry.startsWith("attach")) return undefined;
      unreadable();
      return lostResponse();
    };
    const now = await after(await failed(update(state, news)), news);
    assert.deepEqual(now.inputs.volumes, []);
    assert.deepEqual(
      [now.outputs.privateFqdn, now.outputs.createdAt],
      [state.outputs.privateFqdn, state.outputs.createdAt],
    );
    api.fault = () => undefined;
    readable();
    assert.equal((await update(now, news)).state, "running");
    assert.deepEqual(
      api.only.volumes.map(({ uuid }) => uuid),
      [LOGS],
    );
  });

  it("continues if the volume to detach is not found", async () => {
    const state = await create({ volumes: [{ volume: DATA, at: "/data" }] });
    api.fault = (entry) => {
      if (!entry.startsWith("detach")) return undefined;
      api.only.volumes = [];
      return rejection({ error: 8, message: "No such volume" });
    };
    assert.equal((await update(state, {})).state, "running");
  });

  it("fails if a late request undoes the attachment of a volume, and the next update attaches it", async () => {
    const state = await create({});
    const news = { volumes: [{ volume: DATA, at: "/data" }] };
    api.afterStart = (item) => Object.assign(item, { state: "running", volumes: [] });
    const failure = await failed(update(state, news));
    assert.match(String((failure.cause as Error).message), /was attached at \/data .* undid that/);
    api.afterStart = (item) => Object.assign(item, { state: "running" });
    const now = await after(failure, news);
    assert.deepEqual(now.inputs.volumes, []);
    await update(now, news);
    assert.deepEqual(
      api.only.volumes.map(({ uuid, at }) => [uuid, at]),
      [[DATA, "/data"]],
    );
  });

  it("fails if a late request undoes the detachment of a volume", async () => {
    const state = await create({ volumes: [{ volume: DATA, at: "/data" }] });
    api.afterStart = (item) =>
      Object.assign(item, { state: "running", volumes: [{ uuid: DATA, name: "data", at: "/data" }] });
    const failure = await failed(update(state, {}));
    assert.match(String((failure.cause as Error).message), /was detached at \/data .* undid that/);
  });

  it("fails if another image runs than requested", async () => {
    const requested = `acme/web@${DIGEST}`;
    const state = await create({ image: requested });
    api.afterStart = (item) => Object.assign(item, { state: "running", image: `acme/web@sha256:${"b".repeat(64)}` });
    const failure = await failed(update(state, { image: requested, memoryMb: 256 }));
    assert.ok(UnikernelError.has(failure.cause, "IMAGE_MISMATCH"));
    const news = { image: requested, memoryMb: 256 };
    assert.deepEqual(await differing(await after(failure, news), news), ["image"]);
  });

  it("fails if a pending change failed at the stop", async () => {
    const state = await create({});
    const updates = [{ prop: "env", op: "set", status: "failed", error: "too long", value: { TOKEN: "s3cret" } }];
    api.afterStart = (item) => Object.assign(item, { state: "running", updates });
    const failure = await failed(update(state, { memoryMb: 256, env: { TOKEN: "s3cret" } }));
    assert.ok(UnikernelError.has(failure.cause, "OPERATION_FAILED"));
    assert.equal(failure.cause.message, "Instance 'web' could not apply env: too long.");
    const now = await after(failure, { memoryMb: 256, env: { TOKEN: "s3cret" } });
    assert.equal(
      (await update(now, { memoryMb: 256, env: { TOKEN: "s3cret" }, tags: ["a"] })).state,
      "running",
      "an old failure stops no other change",
    );
  });

  it("reports that a guest stopped again and leaves the instance", async () => {
    const state = await create({});
    api.afterStart = (item) => Object.assign(item, { state: "stopped", stop_reason: 3, exit_code: 1 });
    const failure = await failed(update(state, { memoryMb: 256 }));
    assert.ok(UnikernelError.has(failure.cause, "GUEST_STOPPED"));
    const now = await after(failure, { memoryMb: 256 });
    assert.deepEqual(await differing(now, { memoryMb: 256 }), []);
    api.afterStart = (item) => (item.state = "running");
    assert.equal((await update(now, { memoryMb: 256 })).state, "running", "it owes a start");
  });
});

describe("an instance whose guest is slow to stop", () => {
  let api: FakeInstances;
  beforeEach(() => (api = new FakeInstances()));

  /** Creates an instance whose guest takes this long to stop. */
  async function create(args: object, stopsAfterMs: number) {
    const inputs = await checked(args);
    const { id, outputs } = await instance.create(api.context, inputs);
    const { client } = api.context;
    const { stopInstances, waitInstances } = client;
    let toldMs = 0;
    Object.assign(client, {
      stopInstances: async (...args: Parameters<typeof stopInstances>) => {
        const reply = await stopInstances(...args);
        [toldMs, api.only.state] = [api.nowMs, "stopping"];
        return reply;
      },
      waitInstances: (...args: Parameters<typeof waitInstances>) => {
        if (api.only.state === "stopping" && api.nowMs - toldMs >= stopsAfterMs) api.only.state = "stopped";
        return waitInstances(...args);
      },
    });
    api.log.length = 0;
    return { id, olds: { inputs, outputs }, bornMs: api.nowMs };
  }
  const within = (seconds: number) => ({
    ...api.context,
    timeouts: { createMs: seconds * 1000, updateMs: seconds * 1000, deleteMs: seconds * 1000 },
  });
  /** Asserts that this many seconds passed, plus or minus one poll. */
  const took = (sinceMs: number, seconds: number) => {
    const tookS = (api.nowMs - sinceMs) / 1000;
    assert.ok(tookS >= seconds && tookS <= seconds + 5, `it took ${tookS} s`);
  };

  it("is not forced to stop within the delete timeout", async () => {
    const { id, olds, bornMs } = await create({}, 120_000);
    await instance.delete(api.context, id, olds);
    assert.deepEqual(api.log, ["stop", "delete"]);
    took(bornMs, 120);
  });

  it("is forced to stop after the delete timeout plus its drain timeout", async () => {
    for (const [drainTimeoutMs, seconds] of [
      [0, 20],
      [30_000, 50],
    ] as const) {
      api = new FakeInstances();
      const { id, olds, bornMs } = await create({ drainTimeoutMs }, Infinity);
      await instance.delete(within(20), id, olds);
      assert.equal(api.held.size, 0);
      took(bornMs, seconds);
    }
  });

  it("is awaited for the update timeout plus its drain timeout", async () => {
    const slow = await create({}, 120_000);
    const { state } = await instance.update(api.context, slow.id, slow.olds, await checked({ memoryMb: 256 }));
    assert.equal(state, "running");
    for (const [drainTimeoutMs, seconds] of [
      [0, 20],
      [30_000, 50],
    ] as const) {
      api = new FakeInstances();
      const { id, olds, bornMs } = await create({ drainTimeoutMs }, Infinity);
      const news = await checked({ drainTimeoutMs, memoryMb: 256 });
      const failure: unknown = await instance.update(within(20), id, olds, news).catch((e: unknown) => e);
      assert.ok(failure instanceof ResourceInitFailedError && UnikernelError.has(failure.cause, "WAIT_TIMEOUT"));
      took(bornMs, seconds);
    }
  });

  it("has the rest of the update timeout to start again", async () => {
    const { id, olds, bornMs } = await create({}, 15_000);
    api.afterStart = (item) => (item.state = "starting");
    const news = await checked({ memoryMb: 256 });
    const failure: unknown = await instance.update(within(20), id, olds, news).catch((e: unknown) => e);
    assert.ok(failure instanceof ResourceInitFailedError && UnikernelError.has(failure.cause, "WAIT_TIMEOUT"));
    took(bornMs, 20);
  });
});

describe("the deletion of an instance", () => {
  let api: FakeInstances;
  beforeEach(() => (api = new FakeInstances()));

  it("does not stop a locked instance", async () => {
    const inputs = await checked({ deleteLock: true });
    const { id, outputs } = await instance.create(api.context, inputs);
    assert.equal(api.only.delete_lock, true);
    api.log.length = 0;
    const error: unknown = await instance.delete(api.context, id, { inputs, outputs }).catch((e: unknown) => e);
    assert.ok(UnikernelError.has(error, "NOT_ALLOWED"));
    assert.deepEqual([error.property, api.log], ["deleteLock", []]);
    assert.match(error.hint ?? "", /Set deleteLock to false, run 'pulumi up'/);
  });

  it("grants the drain timeout", async () => {
    const inputs = await checked({ drainTimeoutMs: 9000 });
    const { id, outputs } = await instance.create(api.context, inputs);
    api.log.length = 0;
    await instance.delete(api.context, id, { inputs, outputs });
    assert.deepEqual(api.log, ["stop 9000", "delete"]);
  });

  it("can drain as long as the metro allows", async () => {
    const inputs = await checked({ drainTimeoutMs: -1 });
    const { id, outputs } = await instance.create(api.context, inputs);
    const sinceMs = api.nowMs;
    const state = { get: () => (api.nowMs - sinceMs > 1_800_000 ? "stopped" : "draining"), set: () => undefined };
    Object.defineProperty(api.only, "state", { ...state, enumerable: true });
    await instance.delete(api.context, id, { inputs, outputs });
    assert.deepEqual(api.log.slice(-2), ["stop -1", "delete"]);
    assert.ok(api.nowMs - sinceMs > 1_800_000, "it was not cut off");
  });
});

describe("an existing instance", () => {
  let api: FakeInstances;
  beforeEach(() => (api = new FakeInstances()));
  const exists = async (args: object) => {
    const { id } = await instance.create(api.context, await checked(args));
    api.log.length = 0;
    return id;
  };
  const adopt = async (args: object) => {
    const inputs = await checked({ ...args, adopt: true });
    const created = await instance.create(api.context, inputs);
    const read = await instance.read(api.context, created.id, inputs);
    assert.deepEqual(read?.inputs, inputs, "a second preview is empty");
    return created.id;
  };

  it("is adopted unchanged with reads only", async () => {
    const id = await exists({ tags: ["b", "a"], env: { A: "b" } });
    assert.equal(await adopt({ tags: ["a", "b"], env: { A: "b" } }), id);
    assert.deepEqual(api.log, []);
  });

  it("is adopted and updated where it differs", async () => {
    const id = await exists({});
    assert.equal(await adopt({ memoryMb: 256, tags: ["a"] }), id);
    assert.deepEqual(api.log, ["stop", "patch memory_mb tags", "start"]);
  });

  it("is not adopted if that requires a replacement, and all differences are listed", async () => {
    await exists({ restartPolicy: "always" });
    const inputs = await checked({ adopt: true, service: "shop", memoryMb: 256 });
    await assert.rejects(
      instance.create(api.context, inputs),
      (e) =>
        UnikernelError.has(e, "ALREADY_EXISTS") &&
        /: restartPolicy \(object: "always", program: "never"\), service cannot be changed/.test(e.message),
    );
    assert.deepEqual(api.log, []);
  });

  it("is not adopted if a required stop would delete it", async () => {
    const job = { features: ["delete-on-stop"] };
    await exists(job);
    const inputs = await checked({ ...job, adopt: true, memoryMb: 256 });
    await assert.rejects(
      instance.create(api.context, inputs),
      (e) => UnikernelError.has(e, "ALREADY_EXISTS") && e.property === "memoryMb",
    );
    assert.deepEqual([api.log, api.only.state], [[], "running"]);
    await adopt({ ...job, tags: ["a"] });
    assert.deepEqual(api.log, ["patch tags"]);
  });

  it("is created if there is none to adopt", async () => {
    await adopt({});
    assert.deepEqual(api.log, ["create"]);
  });

  it("is read by name or uuid without state", async () => {
    const id = await exists({ memoryMb: 256, tags: ["a"], restartPolicy: "always" });
    const { inputs: nothing } = await check(instance, {}, { image: "x" });
    const { image: _image, ...empty } = nothing;
    for (const named of ["web", id]) {
      const read = await instance.read(api.context, named, empty as InstanceInputs);
      assert.equal(read?.id, id);
      assert.deepEqual(
        [read.inputs.name, read.inputs.memoryMb, read.inputs.tags, read.inputs.restartPolicy, read.inputs.image],
        ["web", 256, ["a"], "always", `oci://unikraft.io/acme/web:1@${DIGEST}`],
      );
    }
    assert.equal(await instance.read(api.context, "nobody", empty as InstanceInputs), undefined);
  });

  it("is not adopted after a lost create response if it is a different one", async () => {
    await exists({ memoryMb: 512 });
    api.fault = (entry) => (entry === "create" ? lostResponse() : undefined);
    await assert.rejects(instance.create(api.context, await checked({})), (e) =>
      UnikernelError.has(e, "ALREADY_EXISTS"),
    );
    assert.deepEqual([api.held.size, api.only.memory_mb], [1, 512]);
  });
});
