/** The way back of a failed rollout, by how its members were replaced. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../../provider/base/errors";
import type { InstanceItem } from "../../../../../provider/contract/models";
import { check } from "../../../../../provider/definition/check";
import { hasPassed } from "../../../../../provider/rollout/members/readiness";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { MANAGED_TAG } from "../../../../../provider/resources/service/replicaTags";
import { service } from "../../../../../provider/resources/service/resource";
import {
  FakeServiceGroup,
  type InstanceTimeline,
  SERVICE,
  healthyTimeline,
} from "../../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../../support/resourceContext";

type Inputs = Parameters<typeof service.create>[1];

const crashed: Partial<InstanceItem> = { state: "stopped", stop_reason: 3, exit_code: 7 };

describe("the way back of a rollout that failed", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let before: { id: string; inputs: Inputs; outputs: object };
  let old: readonly string[];

  beforeEach(() => {
    cluster = new FakeServiceGroup();
    cluster.features = ["readiness-probe", "rotation"];
    Object.assign(cluster.client, { metro: "local" });
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const inputsOf = async (template: object, rollout: object): Promise<Inputs> => {
    const program = {
      name: "web",
      ports: [{ port: 8080 }],
      replicas: 2,
      template: { memoryMb: 128, ...template },
      rollout,
    };
    const { inputs, failures } = await check(service, {}, program);
    assert.deepEqual(failures, []);
    return inputs as Inputs;
  };
  const create = async (rollout: object, template: object = { image: "app:v1", env: { A: "1" } }) => {
    const inputs = await inputsOf(template, rollout);
    const { id, outputs } = await service.create(context, inputs);
    cluster.log.length = 0;
    before = { id, inputs, outputs };
    old = [...cluster.instances.keys()];
  };
  /** The update to the second version, which fails. */
  const fail = async (rollout: object): Promise<UnikernelError> => {
    const inputs = await inputsOf({ image: "app:v2", env: { A: "2" } }, rollout);
    const error: unknown = await service.update(context, SERVICE.uuid, before as never, inputs).then(
      () => assert.fail("it resolved"),
      (e: unknown) => (e instanceof Error && UnikernelError.is(e.cause) && !UnikernelError.is(e) ? e.cause : e),
    );
    assert.ok(UnikernelError.has(error, "ROLLOUT_FAILED"), String(error));
    return error;
  };
  const serving = () =>
    cluster.items().filter((one) => one.rotation !== "out" && hasPassed({}, one) && one.tags?.includes(MANAGED_TAG));
  const isAsBefore = async () => {
    assert.deepEqual(
      serving().map(({ image, env }) => [image?.slice(-2), env?.["A"]]),
      [
        ["v1", "1"],
        ["v1", "1"],
      ],
    );
    assert.deepEqual((await service.read(context, SERVICE.uuid, before.inputs))?.inputs, before.inputs);
  };
  const madeAndDeleted = () => cluster.log.filter((entry) => /^(create|delete) /.test(entry));
  /** Calls `act` once an entry of the log matches. */
  const once = (pattern: RegExp, act: () => void) => {
    let isDone = false;
    cluster.onChange = () => {
      if (isDone || !cluster.log.some((entry) => pattern.test(entry))) return;
      isDone = true;
      act();
    };
  };
  const crash = (uuid: string) => Object.assign(cluster.instances.get(uuid) ?? {}, { override: crashed });

  describe("inPlace", () => {
    const rollout = { strategy: "inPlace", stableForMs: 1000 };

    it("changes its members back", async () => {
      await create(rollout);
      once(/^start i2/, () => crash("i2"));
      const error = await fail(rollout);
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.deepEqual([[...cluster.instances.keys()], madeAndDeleted()], [old, []]);
    });

    it("launches only a member that is gone", async () => {
      await create(rollout);
      once(/^start i2/, () => {
        crash("i2");
        cluster.instances.delete("i1");
      });
      const error = await fail(rollout);
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.deepEqual([[...cluster.instances.keys()], madeAndDeleted()], [["i2", "i3"], ["create i3"]]);
    });

    it("removes members that were added, and keeps those of before", async () => {
      await create(rollout);
      const inputs = await inputsOf({ image: "app:v2", env: { A: "2" } }, rollout);
      once(/^start i2/, () => crash("i2"));
      await assert.rejects(service.update(context, SERVICE.uuid, before as never, { ...inputs, replicas: 3 }));
      await isAsBefore();
    });
  });

  it("recreate stops new members before it launches old ones", async () => {
    await create({ strategy: "recreate" });
    let count = 0;
    cluster.onCreate = () => {
      const isSecond = ++count === 2;
      const crashes: InstanceTimeline = (ageMs) => (ageMs < 3000 ? { state: "running", net_time_us: 0 } : crashed);
      cluster.lives.set("app:v2", isSecond ? crashes : healthyTimeline);
      return "respond";
    };
    let most = 0;
    cluster.onChange = () => {
      most = Math.max(most, new Set(cluster.items().map(({ image = "" }) => image.slice(-2))).size);
    };
    const error = await fail({ strategy: "recreate" });
    assert.equal(error.details["rolledBack"], true, error.message);
    await isAsBefore();
    assert.equal(most, 1);
  });

  describe("blueGreen, after the cut-over", () => {
    const switched = /^set rotation of i2 to "out"/;

    it("lets old members that run serve again, before anything else", async () => {
      await create({});
      once(switched, () => crash("i3"));
      const error = await fail({ strategy: "blueGreen" });
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.deepEqual([...cluster.instances.keys()], old);
      const admitted = cluster.log.indexOf('set rotation of i1 to "in"');
      assert.ok(admitted !== -1 && admitted < cluster.log.indexOf("delete i3"), cluster.log.join("\n"));
    });

    it("replaces old members that drain, and keeps serving", async () => {
      await create({});
      cluster.stopMs = 20_000;
      let fewest = 2;
      once(/^stop i2/, () => {
        crash("i3");
        cluster.onChange = () => (fewest = Math.min(fewest, serving().length));
      });
      const error = await fail({ strategy: "blueGreen" });
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.equal(fewest, 1);
    });

    it("starts the old members that it kept", async () => {
      await create({});
      once(/^tag/, () => {
        cluster.onChange = () => undefined;
        cluster.nowMs += 1000;
        for (const uuid of old) Object.assign(cluster.instances.get(uuid) ?? {}, { override: { state: "stopped" } });
        crash("i3");
      });
      const error = await fail({ strategy: "blueGreen", keepOldForMs: 60_000 });
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.deepEqual([...cluster.instances.keys()], old);
      assert.deepEqual(
        cluster.items().map(({ autokill }) => autokill),
        [undefined, undefined],
      );
    });

    it("launches others if the ones that it kept do not start any more", async () => {
      await create({});
      once(/^tag/, () => {
        cluster.lives.set("app:v1", () => crashed);
        cluster.onCreate = () => {
          cluster.lives.set("app:v1", healthyTimeline);
          return "respond";
        };
        for (const uuid of old) Object.assign(cluster.instances.get(uuid) ?? {}, { override: { state: "stopped" } });
        crash("i3");
      });
      const error = await fail({ strategy: "blueGreen", keepOldForMs: 60_000 });
      assert.equal(error.details["rolledBack"], true, error.message);
      await isAsBefore();
      assert.deepEqual([...cluster.instances.keys()], ["i5", "i6"]);
    });

    it("keeps both: the old members serve again beside the new ones that do", async () => {
      await create({});
      once(switched, () => crash("i3"));
      const error = await fail({ strategy: "blueGreen", onFailure: "keepBoth" });
      assert.match(error.message, /1 new replica removed; 2 old replicas and 1 new replica still serving\./);
      assert.deepEqual(
        serving().map(({ image }) => image?.slice(-2)),
        ["v1", "v1", "v2"],
      );
    });
  });

  it("blueGreen, before the cut-over, does not count new members as serving that get no connections", async () => {
    await create({});
    once(/^create i4/, () => crash("i4"));
    const error = await fail({ strategy: "blueGreen", onFailure: "keepBoth" });
    assert.match(error.message, /1 new replica removed; 2 old replicas still serving\./);
  });
});
