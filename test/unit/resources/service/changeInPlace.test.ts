/** Changes of replicas that are not replaced: in place, of the gate alone, and of replicas that are kept for a while. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import type { ProviderContext } from "../../../../provider/resources/context";
import { service } from "../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../support/fakeServiceGroup";
import { contextWithClient } from "../../../support/resourceContext";

type Inputs = Parameters<typeof service.create>[1];

const DIGEST = (digit: string) => `app:v${digit}`;

describe("the replicas of a service", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let before: { id: string; inputs: Inputs; outputs: object };

  const inputsOf = async (template: object, rollout: object): Promise<Inputs> => {
    const program = {
      name: "web",
      ports: [{ port: 8080 }],
      replicas: 2,
      template: { image: DIGEST("1"), memoryMb: 128, ...template },
      rollout,
    };
    const { inputs, failures } = await check(service, {}, program);
    assert.deepEqual(failures, []);
    return inputs as Inputs;
  };
  const create = async (template: object, rollout: object) => {
    const inputs = await inputsOf(template, rollout);
    const { id, outputs } = await service.create(context, inputs);
    cluster.log.length = 0;
    before = { id, inputs, outputs };
  };
  const update = async (template: object, rollout: object) => {
    const inputs = await inputsOf(template, rollout);
    await service.update(context, SERVICE.uuid, before as never, inputs);
    return service.read(context, SERVICE.uuid, inputs);
  };

  beforeEach(() => {
    cluster = new FakeServiceGroup();
    cluster.features = ["readiness-probe", "rotation"];
    Object.assign(cluster.client, { metro: "local" });
    context = contextWithClient(cluster.client, cluster.clock);
  });

  it("get their gate with their create request, and a changed gate alone without a rollout", async () => {
    await create({}, { gate: { path: "/hello" } });
    const probes = () => cluster.items().map((item) => item.readiness_probe?.http?.path);
    assert.deepEqual(probes(), ["/hello", "/hello"]);
    await update({}, { gate: { path: "/ready" } });
    assert.deepEqual(probes(), ["/ready", "/ready"]);
    assert.deepEqual(
      cluster.log.filter((entry) => !entry.startsWith("set readiness_probe")),
      [],
    );
    await update({}, {});
    assert.deepEqual(probes(), [undefined, undefined]);
  });

  it("get no gate from a metro that does not know it", async () => {
    cluster.features = [];
    const warnings: string[] = [];
    context = { ...context, printWarning: (sentence) => warnings.push(sentence) };
    const { template, ...inputs } = await inputsOf({}, { gate: { path: "/hello" } });
    assert.ok(template);
    // A candidate cannot have the volume, so that only the replica is created.
    const volumes = [{ volume: "data", at: "/data", readonly: false }];
    await service.create(context, { ...inputs, replicas: 1, template: { ...template, volumes } });
    assert.deepEqual(
      cluster.items().map((item) => item.readiness_probe),
      [undefined],
    );
    assert.match(warnings.join(), /^The gate of service 'web' is not probed/);
  });

  it("stay the same with inPlace, with everything that the template changes", async () => {
    await create({ env: { A: "1" } }, { strategy: "inPlace" });
    const uuids = [...cluster.instances.keys()];
    const read = await update({ image: DIGEST("2"), memoryMb: 256, env: { A: "2" } }, { strategy: "inPlace" });
    assert.deepEqual([...cluster.instances.keys()], uuids);
    assert.deepEqual(
      cluster.items().map(({ image, memory_mb, env }) => [image?.slice(-1), memory_mb, env?.["A"]]),
      [
        ["2", 256, "2"],
        ["2", 256, "2"],
      ],
    );
    assert.equal(read?.inputs.replicas, 2);
    assert.ok(cluster.log.indexOf("start i1") < cluster.log.indexOf("stop i2"), cluster.log.join("\n"));
  });

  it("get another tag of the same image with inPlace, of which a metro that reports digests shows nothing", async () => {
    const { item } = cluster;
    const image = `oci://registry.test/app@sha256:${"a".repeat(64)}`;
    cluster.item = (uuid) => ({ ...item.call(cluster, uuid), image });
    await create({}, { strategy: "inPlace" });
    await update({ image: DIGEST("2") }, { strategy: "inPlace" });
    assert.deepEqual(
      cluster.log.filter((entry) => entry.startsWith("set image")),
      ['set image of i1 to "app:v2"', 'set image of i2 to "app:v2"'],
    );
  });

  it("are not counted any more once blueGreen keeps them, and go with the service", async () => {
    await create({}, {});
    const read = await update({ memoryMb: 256 }, { strategy: "blueGreen", keepOldForMs: 60_000 });
    assert.deepEqual([cluster.instances.size, read?.inputs.replicas], [4, 2]);
    assert.deepEqual(read?.inputs.template?.memoryMb, 256);
    await service.delete(context, SERVICE.uuid, before as never);
    assert.equal(cluster.instances.size, 0);
  });

  it("are left alone by blueGreen in a metro that cannot keep any out of rotation", async () => {
    cluster.features = [];
    await create({}, {});
    const rejected: unknown = await update({ memoryMb: 256 }, { strategy: "blueGreen" }).catch((e: unknown) => e);
    assert.match(
      UnikernelError.is(rejected) ? rejected.message : String(rejected),
      /cannot keep replicas out of rotation/,
    );
    assert.deepEqual(cluster.log, ["lock", "unlock"]);
  });
});
