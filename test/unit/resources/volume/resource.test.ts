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

const checked = async (args: object, olds: object = {}): Promise<Inputs> => {
  const { inputs, failures } = await check(volume, { ...olds }, { name: "data", ...args });
  assert.deepEqual(failures, []);
  return inputs as Inputs;
};
const failuresOf = async (args: object, olds: object = {}): Promise<readonly string[]> =>
  (await check(volume, { ...olds }, { name: "data", ...args })).failures.map((f) => `${f.property}: ${f.reason}`);
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
const observedOf = async (args: object) => ({ inputs: await checked(args), outputs: {} as never });

/** A volume that PATCHes change, with its requests. */
function living(start: object = {}, refuse: (prop: string) => object | undefined = () => undefined) {
  const now: Record<string, unknown> = { ...item, ...start };
  const make = () => now;
  return contextWithResponses({
    getVolumes: () => ({ ...now }),
    createVolume: make,
    cloneVolumes: make,
    patchVolumes: ({ body: [{ prop, value }] }: { body: [{ prop: string; value: unknown }] }) => {
      const rejection = refuse(prop);
      if (rejection === undefined) now[prop] = value;
      return rejection ?? now;
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
const patches = ({ calls }: { readonly calls: readonly string[] }) =>
  calls
    .filter((entry) => entry.startsWith("patch"))
    .map((entry) => (JSON.parse(entry.slice(entry.indexOf("["))) as [{ prop: string; value: unknown }])[0])
    .map(({ prop, value }) => [prop, value]);

describe("the volume resource", () => {
  it("shows no drift for server defaults, and drift for manual changes", async () => {
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

  it("keeps server choices out of its inputs and in its outputs", async () => {
    const inputs = await checked({ template: "base" });
    const reported = { ...item, size_mb: 512, filesystem: "virtiofs", access_mode: "rwx", quota_policy: "dynamic" };
    const observed = await volume.read(contextWithResponses({ getVolumes: () => reported }), "v1", inputs);
    assert.deepEqual(observed?.inputs, inputs);
    const { sizeMb, filesystem, accessMode, quotaPolicy } = observed?.outputs as unknown as Inputs;
    assert.deepEqual([sizeMb, filesystem, accessMode, quotaPolicy], [512, "virtiofs", "rwx", "dynamic"]);
  });

  it("lists the instances that attach and mount it", async () => {
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

  it("is read by name alone, with complete inputs and no changes left", async () => {
    const reported = { ...item, uid: 0, gid: 0, filesystem: "ext4", quota_policy: "static", tags: ["a"], args: {} };
    const observed = await volume.read(contextWithResponses({ getVolumes: () => reported }), "data", {} as Inputs);
    assert.equal(observed?.id, "v1");
    const state = { ...observed?.inputs, ...observed?.outputs };
    assert.deepEqual(diff(volume, state, await checked({ sizeMb: 64, tags: ["a"] })), []);
    const written = { sizeMb: 64, filesystem: "ext4", accessMode: "rwo", quotaPolicy: "static", tags: ["a"] };
    assert.deepEqual(diff(volume, state, await checked(written)), []);
    assert.deepEqual(await failuresOf(written, observed?.inputs), []);
  });

  it("is not found for code 8 only", async () => {
    const inputs = await checked({ sizeMb: 64 });
    const response = (error: number) =>
      contextWithResponses({ getVolumes: () => ({ status: "error", error, message: "no" }) });
    assert.equal(await volume.read(response(8), "v1", inputs), undefined);
    for (const error of [0, 6, 14]) {
      await assert.rejects(volume.read(response(error), "v1", inputs), (e) => UnikernelError.is(e));
    }
  });

  it("is created with the given inputs only", async () => {
    const plain = living();
    await volume.create(plain, await checked({ sizeMb: 64, filesystem: "ext4", accessMode: "rwo" }));
    assert.deepEqual(plain.calls, ['createVolume {"name":"data","size_mb":64}']);
    const shared = living({ filesystem: "virtiofs", access_mode: "rwx", tags: ["a"] });
    await volume.create(
      shared,
      await checked({ sizeMb: 64, filesystem: "virtiofs", accessMode: "rwx", tags: ["a"], uid: 7 }),
    );
    assert.deepEqual(shared.calls, [
      'createVolume {"name":"data","size_mb":64,"filesystem":"virtiofs","access_mode":"rwx","tags":["a"],"uid":7}',
    ]);
  });

  it("is created from a template or as a copy, then grown, and locked last", async () => {
    const templated = living();
    await volume.create(templated, await checked({ template: "base", sizeMb: 128, deleteLock: true }));
    assert.equal(templated.calls[0], 'createVolume {"name":"data","template":{"name":"base"}}');
    assert.deepEqual(patches(templated), [
      ["size_mb", 128],
      ["delete_lock", true],
    ]);
    const copied = living();
    const original = "11111111-2222-3333-4444-555555555555";
    await volume.create(copied, await checked({ cloneFrom: original, accessMode: "rox" }));
    assert.deepEqual(copied.calls, [`cloneVolumes [{"uuid":"${original}","vol_name":"data","access_mode":"rox"}]`]);
  });

  it("names a source that does not exist", async () => {
    const context = contextWithResponses({
      cloneVolumes: () => ({ status: "error", error: 8, message: "No volume with name 'x'" }),
    });
    const error = await failing(volume.create(context, await checked({ cloneFrom: "x" })));
    assert.ok(UnikernelError.has(error, "NOT_FOUND"));
    assert.equal(error.property, "cloneFrom");
  });

  it("reports a copy larger than requested and keeps its id", async () => {
    const failure = await partial(volume.create(living(), await checked({ cloneFrom: "big", sizeMb: 32 })));
    assert.ok(UnikernelError.has(failure.cause, "INPUT_INVALID"));
    assert.deepEqual([failure.id, failure.cause.property, failure.outputs["sizeMb"]], ["v1", "sizeMb", 64]);
    assert.match(failure.cause.message, /has 64 MiB, the size of its original 'big', and cannot shrink to 32 MiB/);
  });

  it("is adopted by name and updated in place where it differs", async () => {
    const context = living({ tags: ["old"] });
    const { id } = await volume.create(context, await checked({ sizeMb: 128, adopt: true }));
    assert.equal(id, "v1");
    assert.deepEqual(patches(context), [
      ["size_mb", 128],
      ["tags", []],
    ]);
  });

  it("is not adopted if a property differs that only a replacement changes, whether or not data may be lost", async () => {
    for (const allowDataLoss of [true, false]) {
      const context = living({ filesystem: "ext4" });
      const args = { sizeMb: 32, filesystem: "virtiofs", adopt: true, allowDataLoss };
      assert.equal(
        formatError(await failing(volume.create(context, await checked(args)))),
        'ALREADY_EXISTS: sizeMb: Volume \'data\' cannot be adopted: sizeMb (object: 64, program: 32), filesystem (object: "ext4", program: "virtiofs") cannot be changed in place. Give these properties the values that the object has, or choose another name.',
      );
      assert.deepEqual(context.calls, []);
    }
  });

  it("waits until it is available", async () => {
    const states = ["uninitialized", "initializing", "available"];
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => ({ ...item, state: states.shift() ?? "available" }),
    });
    assert.equal((await volume.create(context, await checked({ sizeMb: 64 }))).id, "v1");
    assert.equal(context.sleepsMs.length, 2);
  });

  it("keeps its id if it is not ready in time or fails", async () => {
    for (const [state, code] of [
      ["initializing", "WAIT_TIMEOUT"],
      ["error", "OPERATION_FAILED"],
    ] as const) {
      const context = contextWithResponses({ createVolume: () => item, getVolumes: () => ({ ...item, state }) });
      const failure = await partial(volume.create(context, await checked({ sizeMb: 64 })));
      assert.deepEqual([failure.id, UnikernelError.has(failure.cause, code)], ["v1", true]);
    }
  });

  it("is deleted if its creation fails, so that the next update starts again", async () => {
    const broken = { ...item, state: "error", message: "no room on the node" };
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => broken,
      deleteVolumes: () => item,
    });
    const error = await failing(volume.create(context, await checked({ sizeMb: 64 })));
    assert.ok(UnikernelError.has(error, "OPERATION_FAILED"), String(error));
    assert.equal(formatError(error), "OPERATION_FAILED: Volume 'data' could not be created: no room on the node.");
    assert.deepEqual(context.calls, ['createVolume {"name":"data","size_mb":64}', 'deleteVolumes [{"uuid":"v1"}]']);
  });

  it("explains how to recreate a volume that broke later, and never deletes it for that", async () => {
    const context = living({ state: "error", message: "disk broke" });
    const error = await failing(
      volume.update(context, "v1", await observedOf({ sizeMb: 64 }), await checked({ sizeMb: 128 })),
    );
    assert.equal(
      formatError(error),
      "OPERATION_FAILED: Volume 'data' could not be created: disk broke. Replace it, which loses its data: run 'pulumi up --replace' with its URN; with a fixed name, also set the option deleteBeforeReplace: true.",
    );
    assert.deepEqual(context.calls, []);
  });

  it("gives an operation its timeout once, however often it waits", async () => {
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

  it("predicts a failure for values that the program never gave", async () => {
    const previewOf = async (args: object, real: object, news: object) => {
      const olds = await checked(args);
      return volume.describeUpdate?.({ ...olds, ...real }, await checked(news), {});
    };
    assert.deepEqual(await previewOf({ cloneFrom: "big" }, { sizeMb: 128 }, { cloneFrom: "big", sizeMb: 64 }), [
      "fail: sizeMb: it has 128 MiB, the size of its original 'big', and cannot shrink to 64 MiB. Use 128 or more, or remove sizeMb to keep the size of 'big'",
    ]);
    const template = { template: "base" };
    assert.deepEqual(await previewOf(template, { filesystem: "virtiofs" }, { ...template, filesystem: "ext4" }), [
      'fail: filesystem: it cannot change from "virtiofs" to "ext4": this would replace the volume and lose its data. Keep the old value, or set allowDataLoss: true',
    ]);
  });

  it("is updated in place by the steps of the preview, one request each", async () => {
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
      "grow it from 64 to 128 MiB",
      "remove all tags",
      "lock it against deletion",
    ]);
    const again = living({ tags: ["b", "a"] });
    await volume.update(again, "v1", olds, await checked({ sizeMb: 64, tags: ["a", "b"] }));
    assert.deepEqual(again.calls, []);
  });

  it("saves a partial update", async () => {
    const refuse = (prop: string) => (prop === "tags" ? { status: "error", error: 7, message: "bad tags" } : undefined);
    const context = living({}, refuse);
    const news = await checked({ sizeMb: 128, tags: ["x"] });
    const { id, outputs, cause } = await partial(volume.update(context, "v1", await observedOf({ sizeMb: 64 }), news));
    assert.deepEqual([id, outputs["sizeMb"], outputs["tags"]], ["v1", 128, []]);
    assert.match(String(cause), /Changing volume 'data' \(set the tags to x\) failed: bad tags/);
  });

  it("names the instance that prevents growth, with a hint", async () => {
    const context = living({ attached_to: [{ uuid: "i1" }] });
    const cause = await failing(
      volume.update(context, "v1", await observedOf({ sizeMb: 64 }), await checked({ sizeMb: 128 })),
    );
    assert.deepEqual(context.calls, []);
    assert.ok(UnikernelError.has(cause, "IN_USE"));
    assert.equal(cause.property, "sizeMb");
    assert.match(
      cause.hint ?? "",
      /^Remove it from the volumes of instance 'name-of-i1' and run 'pulumi up'; then make this change/,
    );
  });

  it("rejects impossible updates even if only the volume can tell", async () => {
    const olds = await observedOf({ template: "base" });
    const error = await failing(
      volume.update(living({ size_mb: 512 }), "v1", olds, await checked({ template: "base", sizeMb: 64 })),
    );
    assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
    assert.match(
      error.message,
      /Volume 'data' has 512 MiB, the size of its original 'base', and cannot shrink to 64 MiB/,
    );
  });
});

describe("the rules of a volume", () => {
  const rejected: readonly [string, object, RegExp][] = [
    ["no size and no origin", {}, /^sizeMb: required: give a size in MiB/],
    ["two origins", { template: "a", cloneFrom: "b" }, /^cloneFrom: cannot be combined with template/],
    ["a size for a host's folder", { hostPath: "/srv", sizeMb: 1 }, /^sizeMb: cannot be combined with hostPath/],
    [
      "another file system for a copy",
      { cloneFrom: "a", filesystem: "virtiofs" },
      /^filesystem: .* a copy keeps the value/,
    ],
    [
      "several writers on ext4",
      { sizeMb: 1, accessMode: "rwx" },
      /^accessMode: "rwx" requires the file system "virtiofs", not "ext4"/,
    ],
    [
      "arguments for ext4",
      { sizeMb: 1, args: { a: "b" } },
      /^args: only a file system that the metro's operator defines takes arguments/,
    ],
    ["a tag twice", { sizeMb: 1, tags: ["a", "a"] }, /^tags\[1\]: "a" is given twice/],
    [
      "16 tags",
      { sizeMb: 1, tags: Array.from({ length: 16 }, (_, i) => `t${i}`) },
      /^tags: must have at most 15 items/,
    ],
    ["a size of 0", { sizeMb: 0 }, /^sizeMb: must be at least 1, got 0/],
    [
      "a name with a slash",
      { name: "a/b", sizeMb: 1 },
      /^name: must not contain a slash, a comma or control characters, got/,
    ],
    ["a name that reads as two", { name: "a,b", sizeMb: 1 }, /^name: must not contain a slash, a comma/],
    ["a name that is too long", { name: "a".repeat(256), sizeMb: 1 }, /^name: must have at most 255 characters/],
    ["an unknown mode", { sizeMb: 1, accessMode: "rw" }, /^accessMode: must be one of "rwo", "rox", "rwx", got "rw"/],
  ];
  for (const [what, args, text] of rejected) {
    it(`reject the inputs: ${what}`, async () => {
      const found = await failuresOf(args);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", text);
    });
  }

  const olds = { name: "data", sizeMb: 64, template: undefined, tags: [] };
  const losing: readonly [string, object, RegExp][] = [
    [
      "a smaller size",
      { sizeMb: 32 },
      /^sizeMb: cannot shrink from 64 to 32 MiB: .* Use 64 or more, or set allowDataLoss: true/,
    ],
    [
      "another file system",
      { sizeMb: 64, filesystem: "virtiofs" },
      /^filesystem: cannot change from "ext4" to "virtiofs"/,
    ],
    ["another access mode", { sizeMb: 64, accessMode: "rox" }, /^accessMode: cannot change from "rwo" to "rox"/],
    ["an added template", { template: "base" }, /^template: cannot change from nothing to "base"/],
    ["another name", { name: "other", sizeMb: 64 }, /^name: cannot change from "data" to "other"/],
  ];
  for (const [what, args, text] of losing) {
    it(`reject a change unless data loss is allowed, which makes it a replacement: ${what}`, async () => {
      const found = await failuresOf(args, olds);
      assert.match(found.find((reason) => text.test(reason)) ?? found.join("\n"), text);
      const news = await checked({ ...args, allowDataLoss: true }, olds);
      assert.equal(
        diff(volume, olds, news).some(({ replace }) => replace),
        true,
      );
    });
  }

  it("allow growth in place, and ignore unknown values", async () => {
    assert.deepEqual(await failuresOf({ sizeMb: 65 }, olds), []);
    assert.deepEqual(await failuresOf({ sizeMb: UNKNOWN, filesystem: UNKNOWN, template: UNKNOWN }, olds), []);
    assert.deepEqual(await failuresOf({ sizeMb: 64, filesystem: "ext4", accessMode: "rwo" }, olds), []);
    const unknownTags = await failuresOf({ sizeMb: 32, tags: UNKNOWN }, olds);
    assert.match(unknownTags[0] ?? "", /^sizeMb: cannot shrink/);
  });

  it("count the reserved size against the quota", () => {
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64 }), { volumes: 1, total_volume_mb: 64 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, quotaPolicy: "dynamic" }), { volumes: 1 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: UNKNOWN }), { volumes: 1 });
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, quotaPolicy: UNKNOWN }), { volumes: 1 });
    // It may be dynamic, like its original.
    assert.deepEqual(volume.quotaUsage?.({ sizeMb: 64, cloneFrom: "x" }), { volumes: 1 });
  });
});

describe("the deletion of a volume", () => {
  const inUse = { status: "error", error: 15, message: "Volume is attached" };
  const ending = async (users: readonly object[][], deleted: () => object) => {
    const remaining = [...users];
    const context = contextWithResponses({
      getVolumes: () => ({ ...item, attached_to: remaining.length > 1 ? remaining.shift() : remaining[0] }),
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

  it("waits while only a deleted instance holds it", async () => {
    let attempts = 0;
    const { context, end } = await ending([[{ uuid: "gone-1" }], []], () => (++attempts < 4 ? inUse : item));
    await end;
    assert.deepEqual([attempts, context.sleepsMs.length], [4, 3]);
  });

  it("does not wait for an existing instance, and names it", async () => {
    const { context, end } = await ending([[{ uuid: "gone-1" }, { uuid: "i1" }]], () => inUse);
    const error = await failing(end);
    assert.ok(UnikernelError.has(error, "IN_USE"));
    assert.match(error.hint ?? "", /instance 'name-of-i1'/);
    assert.deepEqual(context.sleepsMs, []);
  });

  it("gives up if the volume is not released in time", async () => {
    const { context, end } = await ending([[]], () => inUse);
    assert.ok(UnikernelError.has(await failing(end), "IN_USE"));
    assert.equal(context.clock.now() >= context.timeouts.deleteMs, true);
  });

  it("accepts a volume that is not found", async () => {
    await (
      await ending([[]], () => ({ status: "error", error: 8, message: "No volume" }))
    ).end;
  });

  it("rejects a locked volume and never removes the lock", async () => {
    const locked = { status: "error", error: 14, message: "Deletion protection enabled" };
    const { context, end } = await ending([[]], () => locked);
    const error = await failing(end);
    assert.ok(UnikernelError.is(error));
    assert.deepEqual([error.property, context.calls.length], ["deleteLock", 1]);
    assert.match(error.hint ?? "", /set deleteLock to false, run 'pulumi up'/);
  });
});
