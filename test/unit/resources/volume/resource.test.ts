import assert from "node:assert/strict";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { volume } from "../../../../provider/resources/volume/resource";
import { contextWithResponses } from "../../../support/resourceContext";

type Inputs = Parameters<typeof volume.create>[1];

const item = {
  status: "success",
  uuid: "v1",
  name: "data",
  size_mb: 64,
  created_at: "2026-01-01T00:00:00Z",
  state: "available",
};

const checked = async (given: object, olds: object = {}): Promise<Inputs> => {
  const { inputs, failures } = await check(volume, { ...olds }, { name: "data", ...given });
  assert.deepEqual(failures, []);
  return inputs as Inputs;
};
const refusals = async (given: object, olds: object = {}): Promise<readonly string[]> =>
  (await check(volume, { ...olds }, { name: "data", ...given })).failures.map((f) => `${f.property}: ${f.reason}`);
const failing = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it resolved"),
    (error: unknown) => error,
  );
const partial = async (promise: Promise<unknown>): Promise<ResourceInitFailedError> => {
  const error = await failing(promise);
  assert.ok(error instanceof ResourceInitFailedError, String(error));
  return error;
};
const observedOf = async (given: object) => ({ inputs: await checked(given), outputs: {} as never });

/** A volume that PATCHes change, and what is asked of it. */
function living(start: object = {}, refuse: (prop: string) => object | undefined = () => undefined) {
  const now: Record<string, unknown> = { ...item, ...start };
  const make = () => now;
  return contextWithResponses({
    getVolumes: () => ({ ...now }),
    createVolume: make,
    cloneVolumes: make,
    patchVolumes: ({ body: [{ prop, value }] }: { body: [{ prop: string; value: unknown }] }) => {
      const refused = refuse(prop);
      if (refused === undefined) now[prop] = value;
      return refused ?? now;
    },
    getInstances: ({ query }: { query: { uuid: string[] } }) =>
      query.uuid.map((uuid) =>
        uuid.startsWith("gone")
          ? { status: "error", error: 8, uuid }
          : { uuid, name: `name-of-${uuid}`, state: "running" },
      ),
  });
}
/** The properties that were patched, with their values. */
const patches = ({ asked }: { asked: readonly string[] }) =>
  asked
    .filter((entry) => entry.startsWith("patch"))
    .map((entry) => (JSON.parse(entry.slice(entry.indexOf("["))) as [{ prop: string; value: unknown }])[0])
    .map(({ prop, value }) => [prop, value]);

describe("the volume", () => {
  it("shows no drift for what the server fills in, and drift for what was changed by hand", async () => {
    const inputs = await checked({ sizeMb: 64, tags: ["a", "b"] });
    const reported = { ...item, filesystem: "ext4", access_mode: "rwo", quota_policy: "static", persistent: true };
    const drift = async (more: object) => {
      const observed = await volume.read(
        contextWithResponses({ getVolumes: () => ({ ...reported, ...more }) }),
        "v1",
        inputs,
      );
      return diff(volume, { ...observed?.inputs, ...observed?.outputs }, inputs).map(({ property }) => property);
    };
    assert.deepEqual(await drift({ tags: ["b", "a"] }), []);
    assert.deepEqual(await drift({ tags: ["b", "a"], size_mb: 128, delete_lock: true }), ["sizeMb", "deleteLock"]);
    assert.deepEqual(await drift({}), ["tags"]);
  });

  it("keeps what the program left to the server out of its inputs, and tells it as output", async () => {
    const inputs = await checked({ template: "base" });
    const reported = { ...item, size_mb: 512, filesystem: "virtiofs", access_mode: "rwx", quota_policy: "dynamic" };
    const observed = await volume.read(contextWithResponses({ getVolumes: () => reported }), "v1", inputs);
    assert.deepEqual(observed?.inputs, inputs);
    const { sizeMb, filesystem, accessMode, quotaPolicy } = observed?.outputs as unknown as Inputs;
    assert.deepEqual([sizeMb, filesystem, accessMode, quotaPolicy], [512, "virtiofs", "rwx", "dynamic"]);
  });

  it("tells who has it attached, and who uses it", async () => {
    const inputs = await checked({ sizeMb: 64 });
    const [one, two] = [
      { uuid: "i1", name: "web" },
      { uuid: "i2", name: "job" },
    ];
    const reported = { ...item, attached_to: [one, two], mounted_by: [{ ...one, readonly: true }] };
    const observed = await volume.read(contextWithResponses({ getVolumes: () => reported }), "v1", inputs);
    assert.deepEqual(observed?.outputs.attachedTo, [one, two]);
    assert.deepEqual(observed.outputs.mountedBy, [{ ...one, readonly: true }]);
    assert.deepEqual(diff(volume, { ...observed.inputs, ...observed.outputs }, inputs), []);
  });

  it("is read by its name alone, with complete inputs and nothing left to do", async () => {
    const reported = { ...item, uid: 0, gid: 0, filesystem: "ext4", quota_policy: "static", tags: ["a"], args: {} };
    const observed = await volume.read(contextWithResponses({ getVolumes: () => reported }), "data", {} as Inputs);
    assert.equal(observed?.id, "v1");
    const state = { ...observed?.inputs, ...observed?.outputs };
    assert.deepEqual(diff(volume, state, await checked({ sizeMb: 64, tags: ["a"] })), []);
    const written = { sizeMb: 64, filesystem: "ext4", accessMode: "rwo", quotaPolicy: "static", tags: ["a"] };
    assert.deepEqual(diff(volume, state, await checked(written)), []);
    assert.deepEqual(await refusals(written, observed?.inputs), []);
  });

  it("is gone for code 8, and for nothing else", async () => {
    const inputs = await checked({ sizeMb: 64 });
    const refused = (error: number) =>
      contextWithResponses({ getVolumes: () => ({ status: "error", error, message: "no" }) });
    assert.equal(await volume.read(refused(8), "v1", inputs), undefined);
    for (const error of [0, 6, 14]) {
      await assert.rejects(volume.read(refused(error), "v1", inputs), (e) => UnikernelError.is(e));
    }
  });

  it("is made with no more than was said", async () => {
    const plain = living();
    await volume.create(plain, await checked({ sizeMb: 64, filesystem: "ext4", accessMode: "rwo" }));
    assert.deepEqual(plain.asked, ['createVolume {"name":"data","size_mb":64}']);
    const shared = living({ filesystem: "virtiofs", access_mode: "rwx", tags: ["a"] });
    await volume.create(
      shared,
      await checked({ sizeMb: 64, filesystem: "virtiofs", accessMode: "rwx", tags: ["a"], uid: 7 }),
    );
    assert.deepEqual(shared.asked, [
      'createVolume {"name":"data","size_mb":64,"filesystem":"virtiofs","access_mode":"rwx","tags":["a"],"uid":7}',
    ]);
  });

  it("is made from a template or as a copy, grows to what was asked for, and is locked last", async () => {
    const templated = living();
    await volume.create(templated, await checked({ template: "base", sizeMb: 128, deleteLock: true }));
    assert.equal(templated.asked[0], 'createVolume {"name":"data","template":{"name":"base"}}');
    assert.deepEqual(patches(templated), [
      ["size_mb", 128],
      ["delete_lock", true],
    ]);
    const copied = living();
    const original = "11111111-2222-3333-4444-555555555555";
    await volume.create(copied, await checked({ cloneFrom: original, accessMode: "rox" }));
    assert.deepEqual(copied.asked, [`cloneVolumes [{"uuid":"${original}","vol_name":"data","access_mode":"rox"}]`]);
  });

  it("names what it was to be made from when that does not exist", async () => {
    const context = contextWithResponses({
      cloneVolumes: () => ({ status: "error", error: 8, message: "No volume with name 'x'" }),
    });
    const error = await failing(volume.create(context, await checked({ cloneFrom: "x" })));
    assert.ok(UnikernelError.has(error, "NOT_FOUND"));
    assert.equal(error.property, "cloneFrom");
  });

  it("says when a copy is larger than what was asked for, and keeps its id", async () => {
    const failure = await partial(volume.create(living(), await checked({ cloneFrom: "big", sizeMb: 32 })));
    assert.ok(UnikernelError.has(failure.cause, "INPUT_INVALID"));
    assert.deepEqual([failure.id, failure.cause.property, failure.outputs["sizeMb"]], ["v1", "sizeMb", 64]);
    assert.match(failure.cause.message, /has 64 MiB, as 'big' that it was made from, and cannot shrink to 32 MiB/);
  });

  it("takes over one of its name where that is asked for, and changes in place what differs", async () => {
    const context = living({ tags: ["old"] });
    const { id } = await volume.create(context, await checked({ sizeMb: 128, adopt: true }));
    assert.equal(id, "v1");
    assert.deepEqual(patches(context), [
      ["size_mb", 128],
      ["tags", []],
    ]);
    const shrinking = await failing(volume.create(living(), await checked({ sizeMb: 32, adopt: true })));
    assert.ok(UnikernelError.has(shrinking, "INPUT_INVALID"));
    assert.equal(shrinking.property, "sizeMb");
  });

  it("waits until it can be used", async () => {
    const states = ["uninitialized", "initializing", "available"];
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => ({ ...item, state: states.shift() ?? "available" }),
    });
    assert.equal((await volume.create(context, await checked({ sizeMb: 64 }))).id, "v1");
    assert.equal(context.slept.length, 2);
  });

  it("keeps its id when it is not ready in time, or cannot be used", async () => {
    for (const [state, code] of [
      ["initializing", "WAIT_TIMEOUT"],
      ["error", "OPERATION_FAILED"],
    ] as const) {
      const context = contextWithResponses({ createVolume: () => item, getVolumes: () => ({ ...item, state }) });
      const failure = await partial(volume.create(context, await checked({ sizeMb: 64 })));
      assert.deepEqual([failure.id, UnikernelError.has(failure.cause, code)], ["v1", true]);
    }
  });

  it("is removed when it could not be made, so that the next update starts afresh", async () => {
    const broken = { ...item, state: "error", message: "no room on the node" };
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => broken,
      deleteVolumes: () => item,
    });
    const error = await failing(volume.create(context, await checked({ sizeMb: 64 })));
    assert.ok(UnikernelError.has(error, "OPERATION_FAILED"), String(error));
    assert.equal(formatError(error), "OPERATION_FAILED: Volume 'data' could not be made: no room on the node.");
    assert.deepEqual(context.asked, ['createVolume {"name":"data","size_mb":64}', 'deleteVolumes [{"uuid":"v1"}]']);
  });

  it("says how to have it made anew when it broke later, and is never removed for that", async () => {
    const context = living({ state: "error", message: "disk broke" });
    const error = await failing(
      volume.update(context, "v1", await observedOf({ sizeMb: 64 }), await checked({ sizeMb: 128 })),
    );
    assert.equal(
      formatError(error),
      "OPERATION_FAILED: Volume 'data' could not be made: disk broke. Have it made anew, without its data, by 'pulumi up --replace' with its URN; under a fixed name that takes the option deleteBeforeReplace: true.",
    );
    assert.deepEqual(context.asked, []);
  });

  it("gives an operation its time once, however often it is waited for", async () => {
    let state = "initializing";
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => ({ ...item, state }),
      patchVolumes: () => {
        state = "busy";
        return item;
      },
    });
    const { sleep } = context.clock;
    const late = context.timeouts.createMs - 1000;
    const clock = {
      ...context.clock,
      sleep: async (ms: number, signal?: AbortSignal) => {
        await sleep(ms, signal);
        if (state === "initializing" && context.clock.now() >= late) state = "available";
      },
    };
    const failure = await partial(
      volume.create({ ...context, clock }, await checked({ template: "base", sizeMb: 128 })),
    );
    assert.ok(UnikernelError.has(failure.cause, "WAIT_TIMEOUT"));
    assert.ok(context.clock.now() <= context.timeouts.createMs + 1000, String(context.clock.now()));
  });

  it("is foretold to fail where it has what the program never said", async () => {
    const foretold = async (given: object, real: object, news: object) => {
      const olds = await checked(given);
      return volume.describeUpdate?.({ ...olds, ...real }, await checked(news), {});
    };
    assert.deepEqual(await foretold({ cloneFrom: "big" }, { sizeMb: 128 }, { cloneFrom: "big", sizeMb: 64 }), [
      "fail: sizeMb: it has 128 MiB, as 'big' that it was made from, and cannot shrink to 64 MiB. Ask for 128 or more, or leave sizeMb out to have what 'big' has",
    ]);
    const template = { template: "base" };
    assert.deepEqual(await foretold(template, { filesystem: "virtiofs" }, { ...template, filesystem: "ext4" }), [
      'fail: filesystem: it cannot change from "virtiofs" to "ext4": that takes a new volume, without the data. Leave it as it is, or set allowDataLoss: true',
    ]);
  });

  it("is changed in place by the steps that the preview names, one request each", async () => {
    const olds = await observedOf({ sizeMb: 64, tags: ["a"] });
    const news = await checked({ sizeMb: 128, quotaPolicy: "dynamic", tags: [], deleteLock: true });
    const context = living({ tags: ["a"] });
    await volume.update(context, "v1", olds, news);
    assert.deepEqual(patches(context), [
      ["quota_policy", "dynamic"],
      ["size_mb", 128],
      ["tags", []],
      ["delete_lock", true],
    ]);
    assert.deepEqual(volume.describeUpdate?.(olds.inputs, news, {}), [
      "set the quota policy to dynamic",
      "grow from 64 to 128 MiB",
      "remove all tags",
      "lock it against deletion",
    ]);
    const again = living({ tags: ["b", "a"] });
    await volume.update(again, "v1", olds, await checked({ sizeMb: 64, tags: ["a", "b"] }));
    assert.deepEqual(again.asked, []);
  });

  it("tells in state what was done when only a part could be", async () => {
    const refuse = (prop: string) => (prop === "tags" ? { status: "error", error: 7, message: "bad tags" } : undefined);
    const context = living({}, refuse);
    const news = await checked({ sizeMb: 128, tags: ["x"] });
    const { id, outputs, cause } = await partial(volume.update(context, "v1", await observedOf({ sizeMb: 64 }), news));
    assert.deepEqual([id, outputs["sizeMb"], outputs["tags"]], ["v1", 128, []]);
    assert.match(String(cause), /Changing volume 'data' \(set the tags to x\) failed: bad tags/);
  });

  it("names the instance that it is mounted in when it cannot grow, and what to do", async () => {
    const inUse = { status: "error", error: 15, message: "Volume is mounted" };
    const context = living({ attached_to: [{ uuid: "i1" }] }, () => inUse);
    const { cause } = await partial(
      volume.update(context, "v1", await observedOf({ sizeMb: 64 }), await checked({ sizeMb: 128 })),
    );
    assert.ok(UnikernelError.has(cause, "IN_USE"));
    assert.equal(cause.property, "sizeMb");
    assert.match(cause.hint ?? "", /^Stop instance 'name-of-i1' first, run 'pulumi up' again/);
  });

  it("refuses what cannot be done in place also where only the volume itself can tell", async () => {
    const olds = await observedOf({ template: "base" });
    const error = await failing(
      volume.update(living({ size_mb: 512 }), "v1", olds, await checked({ template: "base", sizeMb: 64 })),
    );
    assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
    assert.match(
      error.message,
      /Volume 'data' has 512 MiB, as 'base' that it was made from, and cannot shrink to 64 MiB/,
    );
  });
});

describe("the rules of a volume", () => {
  const refused: readonly [string, object, RegExp][] = [
    ["no size and no origin", {}, /^sizeMb: required: give a size in MiB/],
    ["two origins", { template: "a", cloneFrom: "b" }, /^cloneFrom: cannot be given together with template/],
    ["a size for a host's folder", { hostPath: "/srv", sizeMb: 1 }, /^sizeMb: cannot be given together with hostPath/],
    ["another file system for a copy", { cloneFrom: "a", filesystem: "virtiofs" }, /^filesystem: .* a copy has that/],
    [
      "many writers on ext4",
      { sizeMb: 1, accessMode: "rwx" },
      /^accessMode: "rwx" needs the file system "virtiofs", not "ext4"/,
    ],
    ["arguments for ext4", { sizeMb: 1, args: { a: "b" } }, /^args: are for a file system that the site defines/],
    ["a tag twice", { sizeMb: 1, tags: ["a", "a"] }, /^tags\[1\]: "a" is given twice/],
    [
      "17 tags",
      { sizeMb: 1, tags: Array.from({ length: 17 }, (_, i) => `t${i}`) },
      /^tags: must have at most 16 items/,
    ],
    ["a size of nothing", { sizeMb: 0 }, /^sizeMb: must be at least 1, got 0/],
    [
      "a name with a slash",
      { name: "a/b", sizeMb: 1 },
      /^name: must not hold a slash, a comma or control characters, got/,
    ],
    ["a name that reads as two", { name: "a,b", sizeMb: 1 }, /^name: must not hold a slash, a comma/],
    ["a name that is too long", { name: "a".repeat(256), sizeMb: 1 }, /^name: must have at most 255 characters/],
    ["an unknown mode", { sizeMb: 1, accessMode: "rw" }, /^accessMode: must be one of "rwo", "rox", "rwx", got "rw"/],
  ];
  for (const [what, given, text] of refused) {
    it(`refuse ${what}`, async () => {
      const found = await refusals(given);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", text);
    });
  }

  const olds = { name: "data", sizeMb: 64, template: undefined, tags: [] };
  const losing: readonly [string, object, RegExp][] = [
    [
      "to shrink",
      { sizeMb: 32 },
      /^sizeMb: cannot shrink from 64 to 32 MiB: .* Ask for 64 or more, or set allowDataLoss: true/,
    ],
    [
      "another file system",
      { sizeMb: 64, filesystem: "virtiofs" },
      /^filesystem: cannot change from "ext4" to "virtiofs"/,
    ],
    ["another access mode", { sizeMb: 64, accessMode: "rox" }, /^accessMode: cannot change from "rwo" to "rox"/],
    ["a template later", { template: "base" }, /^template: cannot change from nothing to "base"/],
    ["another name", { name: "other", sizeMb: 64 }, /^name: cannot change from "data" to "other"/],
  ];
  for (const [what, given, text] of losing) {
    it(`refuse ${what}, unless the loss of data is allowed: then it is a replacement`, async () => {
      const found = await refusals(given, olds);
      assert.match(found.find((reason) => text.test(reason)) ?? found.join("\n"), text);
      const news = await checked({ ...given, allowDataLoss: true }, olds);
      assert.equal(
        diff(volume, olds, news).some(({ replace }) => replace),
        true,
      );
    });
  }

  it("let it grow in place, and say nothing of what is not known yet", async () => {
    assert.deepEqual(await refusals({ sizeMb: 65 }, olds), []);
    assert.deepEqual(await refusals({ sizeMb: UNKNOWN, filesystem: UNKNOWN, template: UNKNOWN }, olds), []);
    assert.deepEqual(await refusals({ sizeMb: 64, filesystem: "ext4", accessMode: "rwo" }, olds), []);
    const unknownTags = await refusals({ sizeMb: 32, tags: UNKNOWN }, olds);
    assert.match(unknownTags[0] ?? "", /^sizeMb: cannot shrink/);
  });

  it("count against the quota what is reserved", () => {
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64 }), { volumes: 1, total_volume_mb: 64 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, quotaPolicy: "dynamic" }), { volumes: 1 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: UNKNOWN }), { volumes: 1 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, quotaPolicy: UNKNOWN }), { volumes: 1 });
    // It may be dynamic, as its original.
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, cloneFrom: "x" }), { volumes: 1 });
  });
});

describe("a volume's end", () => {
  const inUse = { status: "error", error: 15, message: "Volume is attached" };
  const ending = async (users: readonly object[][], deleted: () => object) => {
    const left = [...users];
    const context = contextWithResponses({
      getVolumes: () => ({ ...item, attached_to: left.length > 1 ? left.shift() : left[0] }),
      deleteVolumes: deleted,
      getInstances: ({ query }: { query: { uuid: string[] } }) =>
        query.uuid.map((uuid) =>
          uuid.startsWith("gone")
            ? { status: "error", error: 8, uuid }
            : { uuid, name: `name-of-${uuid}`, state: "running" },
        ),
    });
    return { context, end: volume.delete(context, "v1", await observedOf({ sizeMb: 64 })) };
  };

  it("waits while only an instance that is gone holds it", async () => {
    let asked = 0;
    const { context, end } = await ending([[{ uuid: "gone-1" }], []], () => (++asked < 4 ? inUse : item));
    await end;
    assert.deepEqual([asked, context.slept.length], [4, 3]);
  });

  it("does not wait for an instance that is there, and names it", async () => {
    const { context, end } = await ending([[{ uuid: "gone-1" }, { uuid: "i1" }]], () => inUse);
    const error = await failing(end);
    assert.ok(UnikernelError.has(error, "IN_USE"));
    assert.match(error.hint ?? "", /instance 'name-of-i1'/);
    assert.deepEqual(context.slept, []);
  });

  it("is given up when it does not come free in time", async () => {
    const { context, end } = await ending([[]], () => inUse);
    assert.ok(UnikernelError.has(await failing(end), "IN_USE"));
    assert.equal(context.clock.now() >= context.timeouts.deleteMs, true);
  });

  it("is fine when it is gone already", async () => {
    await (
      await ending([[]], () => ({ status: "error", error: 8, message: "No volume" }))
    ).end;
  });

  it("is refused while it is locked; the lock is never released silently", async () => {
    const locked = { status: "error", error: 14, message: "Deletion protection enabled" };
    const { context, end } = await ending([[]], () => locked);
    const error = await failing(end);
    assert.ok(UnikernelError.is(error));
    assert.deepEqual([error.property, context.asked.length], ["deleteLock", 1]);
    assert.match(error.hint ?? "", /set deleteLock to false, run 'pulumi up'/);
  });
});
