import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../provider/resources/context";
import { instance } from "../../../../provider/resources/instance/resource";
import { FakeServiceGroup } from "../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../support/resourceContext";

type Inputs = Parameters<typeof instance.create>[1];
const DIGEST = `sha256:${"1".repeat(64)}`;

describe("the instance resource", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const inputsOf = async (more: object = {}): Promise<Inputs> => {
    const { inputs, failures } = await check(instance, {}, { name: "job", image: `job@${DIGEST}`, ...more });
    assert.deepEqual(failures, []);
    return inputs as Inputs;
  };
  const override = (more: object) => {
    for (const held of cluster.instances.values()) held.override = { ...held.override, ...more };
  };

  it("shows no drift for server defaults", async () => {
    const inputs = await inputsOf({ env: { A: "b" } });
    const { id, outputs } = await instance.create(context, inputs);
    override({ restart_policy: "never", scale_to_zero: { enabled: false, policy: "off" }, args: ["/app"] });
    assert.deepEqual(await instance.read(context, id, inputs), { id, inputs, outputs });
    assert.equal(outputs.digest, DIGEST);
  });

  it("compares images by digest, whatever the rest of the reference", async () => {
    const inputs = await inputsOf();
    const { id } = await instance.create(context, inputs);
    const imageFor = async (image: string, requested = inputs) => {
      override({ image });
      return (await instance.read(context, id, requested))?.inputs.image;
    };
    for (const same of [`oci://h/o/job:tag@${DIGEST}`, `user/job@${DIGEST}`, "oci://h/o/job:tag", ""]) {
      assert.equal(await imageFor(same), inputs.image, same);
    }
    const other = `oci://h/o/job@sha256:${"2".repeat(64)}`;
    assert.equal(await imageFor(other), other);
    const tagged = await inputsOf({ image: "redis:7.2" });
    for (const same of [`oci://h/official/redis:7.2@sha256:${"3".repeat(64)}`, `redis@sha256:${"3".repeat(64)}`]) {
      assert.equal(await imageFor(same, tagged), "redis:7.2", same);
    }
    assert.equal(await imageFor(other, tagged), other, "another name is another image");
  });

  it("warns if a copy booted instead of beginning with the memory of its original", async () => {
    const { createInstance } = cluster.client;
    Object.assign(cluster.client, {
      createInstance: async (...args: Parameters<typeof createInstance>) => {
        const reply = await createInstance(...args);
        override({ memory_notice: "It boots instead of being cloned: its kernel has no agent" });
        return reply;
      },
    });
    const warnings: string[] = [];
    context = {
      ...contextWithClient(cluster.client, cluster.clock),
      printWarning: (sentence) => void warnings.push(sentence),
    };
    await instance.create(context, await inputsOf({ name: "copy", image: undefined, template: "golden" }));
    await instance.create(context, await inputsOf());
    assert.deepEqual(warnings, ["Instance 'copy': It boots instead of being cloned: its kernel has no agent."]);
  });

  it("shows drift of memory and environment", async () => {
    const inputs = await inputsOf({ env: { A: "b" } });
    const { id } = await instance.create(context, inputs);
    override({ memory_mb: 256, env: { A: "c" } });
    const observed = await instance.read(context, id, inputs);
    assert.deepEqual([observed?.inputs.memoryMb, observed?.inputs.env], [256, { A: "c" }]);
  });

  it("is not found for code 8 and after deletion only", async () => {
    const inputs = await inputsOf();
    assert.equal(await instance.read(context, "nobody", inputs), undefined);
    const { id } = await instance.create(context, inputs);
    override({ state: "deleted" });
    assert.equal(await instance.read(context, id, inputs), undefined);
    const response = { items: [{ status: "error", error: 14, message: "no" }], message: undefined };
    Object.assign(cluster.client, { getInstances: () => Promise.resolve(response) });
    context = contextWithClient(cluster.client, cluster.clock);
    await assert.rejects(instance.read(context, id, inputs), (e) => UnikernelError.has(e, "NOT_ALLOWED"));
  });

  it("leaves nothing behind if it runs another image", async () => {
    cluster.lives.set(`job@${DIGEST}`, () => ({ state: "running", image: `job@sha256:${"2".repeat(64)}` }));
    await assert.rejects(instance.create(context, await inputsOf()), (e) => UnikernelError.has(e, "IMAGE_MISMATCH"));
    assert.equal(cluster.instances.size, 0);
  });

  /** The failure of an operation. */
  async function failureOf(acting: Promise<unknown>): Promise<ResourceInitFailedError & { cause: UnikernelError }> {
    const error: unknown = await acting.then(
      () => assert.fail("it succeeded"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof ResourceInitFailedError && UnikernelError.is(error.cause), String(error));
    return error as ResourceInitFailedError & { cause: UnikernelError };
  }

  it("keeps an instance whose guest stopped, with its console log, and the next update starts it", async () => {
    cluster.lives.set(`job@${DIGEST}`, () => ({ state: "stopped", stop_reason: 3, exit_code: 1 }));
    const inputs = await inputsOf();
    const { id, cause, outputs } = await failureOf(instance.create(context, inputs));
    assert.deepEqual([id, cause.code, [...cluster.instances.keys()]], ["i1", "GUEST_STOPPED", ["i1"]]);
    assert.match(cause.hint ?? "", /'npx unikernel logs job --metro test' shows its console log/);
    const startInstances = () => {
      override({ state: "running" });
      return Promise.resolve({ items: [{ status: "success", uuid: id, name: "job" }], message: undefined });
    };
    Object.assign(cluster.client, { startInstances });
    const olds = { inputs, outputs: outputs as never };
    assert.equal((await instance.update(context, id, olds, inputs)).state, "running");
  });

  describe("whose guest stops", () => {
    const given = {
      env: { TOKEN: "t0ken-of-env" },
      plugins: [{ name: "a", rom: "r", config: { key: "k3y-of-plugin" } }],
    };
    const crashed = { state: "stopped" as const, stop_reason: 3, exit_code: 1, env: undefined, plugins: undefined };
    let printed: string[];
    /** A context of a cloud, whose images are never built with files. */
    const inCloud = (): ProviderContext => ({
      ...context,
      metro: "fra",
      printProgress: (line: string) => void printed.push(line),
    });
    beforeEach(() => {
      printed = [];
      cluster.console = "env t0ken-of-env, plugin k3y-of-plugin";
    });
    const assertMasked = (failure: ResourceInitFailedError & { cause: UnikernelError }) => {
      const { message, hint, details } = failure.cause;
      assert.doesNotMatch(JSON.stringify([message, hint, details, failure.outputs]), /plugin k3y|env \[secret\]/);
      assert.deepEqual(printed, ["Last console lines of instance 'job':\n  | env [secret], plugin [secret]"]);
    };

    for (const upForMs of [0, 100]) {
      it(`prints its console, masked, and quotes it in no error: after ${upForMs} ms`, async () => {
        cluster.lives.set(`job@${DIGEST}`, (ageMs) => (ageMs < upForMs ? { state: "running" } : crashed));
        assertMasked(await failureOf(instance.create(inCloud(), await inputsOf(given))));
      });
    }

    it("shows words of the image's own command, which the program did not give", async () => {
      cluster.console = "crashing with config error";
      cluster.lives.set(`job@${DIGEST}`, () => ({ ...crashed, args: ["sh", "-c", "crashing with config error"] }));
      await failureOf(instance.create(inCloud(), await inputsOf()));
      assert.deepEqual(printed, ["Last console lines of instance 'job':\n  | crashing with config error"]);
    });

    it("masks what it was given before an update, too", async () => {
      cluster.lives.set(`job@${DIGEST}`, () => ({ state: "running", env: undefined, plugins: undefined }));
      const [inputs, news] = [await inputsOf(given), await inputsOf()];
      const { id, outputs } = await instance.create(context, inputs);
      const ok = ({ body }: { body: readonly object[] }) =>
        Promise.resolve({ items: body.map(() => ({ status: "success", uuid: id, name: "job" })), message: undefined });
      Object.assign(cluster.client, {
        patchInstances: ok,
        startInstances: (request: { body: readonly object[] }) => {
          override({ ...crashed, start_count: 2 });
          return ok(request);
        },
      });
      assertMasked(await failureOf(instance.update(inCloud(), id, { inputs, outputs }, news)));
    });

    it("prints nothing where its image may be built with files", async () => {
      cluster.lives.set(`job@${DIGEST}`, () => crashed);
      for (const metro of ["local", "http://127.0.0.1:1"]) {
        cluster.instances.clear();
        await failureOf(instance.create({ ...inCloud(), metro, imageLayout: "/nowhere" }, await inputsOf(given)));
      }
      assert.deepEqual(printed, []);
    });
  });

  for (const autostart of [true, false]) {
    it(`waits until a new instance can be read, meant to be ${autostart ? "up" : "down"}`, async () => {
      cluster.listedAfterMs = 3000;
      const { id, outputs } = await instance.create(context, await inputsOf({ autostart }));
      assert.deepEqual([cluster.log, outputs.digest], [[`create ${id}`], DIGEST]);
    });

    it(`keeps the id of a new instance that cannot be read, meant to be ${autostart ? "up" : "down"}`, async () => {
      cluster.listedAfterMs = Infinity;
      const nothing = { items: [{ status: "error", error: 8, message: "No instance" }], message: undefined };
      Object.assign(cluster.client, { deleteInstances: () => Promise.resolve(nothing) });
      const inputs = await inputsOf({ autostart });
      const bornMs = cluster.nowMs;
      const failure: unknown = await instance.create(context, inputs).catch((e: unknown) => e);
      assert.ok(
        failure instanceof ResourceInitFailedError && UnikernelError.has(failure.cause, "NOT_FOUND"),
        String(failure),
      );
      assert.deepEqual([failure.id, cluster.instances.size], ["i1", 1]);
      assert.ok(cluster.nowMs - bornMs >= 10_000 && cluster.nowMs - bornMs <= 20_000, "it waited a while");
      // It becomes readable later: the next update continues with it.
      cluster.listedAfterMs = 0;
      const olds = { inputs, outputs: failure.outputs as never };
      assert.equal((await instance.update(context, failure.id, olds, inputs)).state, "running");
    });
  }

  it("deletes a new instance that it cannot read", async () => {
    cluster.listedAfterMs = Infinity;
    await assert.rejects(instance.create(context, await inputsOf()), (e) => UnikernelError.has(e, "NOT_FOUND"));
    assert.equal(cluster.instances.size, 0);
  });

  it("explains what to do about an instance that is not found", async () => {
    const inputs = await inputsOf();
    const { id, outputs } = await instance.create(context, inputs);
    cluster.instances.clear();
    await assert.rejects(
      instance.update(context, id, { inputs, outputs }, await inputsOf({ tags: ["a"] })),
      (e) =>
        e instanceof ResourceInitFailedError &&
        UnikernelError.has(e.cause, "NOT_FOUND") &&
        e.cause.hint === "Run 'pulumi refresh', then 'pulumi up'.",
    );
  });

  it("creates one instance if the response is lost", async () => {
    cluster.onCreate = () => "lose";
    const { id } = await instance.create(context, await inputsOf());
    assert.deepEqual([...cluster.instances.keys()], [id]);
  });

  it("continues with an instance that was not ready in time", async () => {
    const inputs = await inputsOf();
    cluster.lives.set(`job@${DIGEST}`, (ageMs) => ({ state: ageMs < 400_000 ? "starting" : "running" }));
    const failure: unknown = await instance.create(context, inputs).catch((e: unknown) => e);
    assert.ok(failure instanceof ResourceInitFailedError && UnikernelError.has(failure.cause, "WAIT_TIMEOUT"));
    const olds = { inputs, outputs: failure.outputs as never };
    assert.equal((await instance.update(context, failure.id, olds, inputs)).state, "running");
  });

  it("stops an instance before deletion, and accepts one that is not found", async () => {
    const inputs = await inputsOf();
    const { id, outputs } = await instance.create(context, inputs);
    await instance.delete(context, id, { inputs, outputs });
    assert.deepEqual(cluster.log, ["create i1", "stop i1", "delete i1"]);
    await instance.delete(context, id, { inputs, outputs });
  });
});
