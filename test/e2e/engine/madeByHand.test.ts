/** Objects created outside Pulumi: read by one program, and adopted by another. */
import assert from "node:assert/strict";
import { onlyItem } from "../../../provider/client/client";
import { changingSteps, assertSucceeded } from "../../support/engine";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

const PROGRAM = 'import * as unikernel from "pulumi-unikernel";\n';

describe("an instance created outside Pulumi", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  /** Contains the image, which both programs refer to by name. */
  let builder: TestProject;
  let project: TestProject;
  let image: string;
  let port: number;
  const created = { instance: "", volume: "", service: "" };

  before(async () => {
    platform = await LocalPlatform.open();
    [builder, project, port] = await Promise.all([
      TestProject.copy("test/fixtures/projects/badInput"),
      TestProject.copy("test/fixtures/projects/badInput"),
      freePort(),
    ]);
    image = String(assertSucceeded(await builder.stack({}).up()).outputs["image"]);
    const { client } = platform;
    const volume = onlyItem(await client.createVolume({ body: { name: "data", size_mb: 8 } }), "volume");
    const service = onlyItem(
      await client.createService({ body: { name: "front", services: [{ port, destination_port: 8080 }] } }),
      "service",
    );
    const instance = onlyItem(
      await client.createInstance({ body: { name: "server", image, memory_mb: 96, autostart: true } }),
      "instance",
    );
    Object.assign(created, { instance: instance.uuid, volume: volume.uuid, service: service.uuid });
  });
  after(async () => {
    await Promise.all([builder.remove(), project.remove()]);
    await platform.close();
  });

  const present = async (): Promise<typeof created> => {
    const { client } = platform;
    const [instances, volumes, services] = await Promise.all([
      client.getInstances({}),
      client.getVolumes({}),
      client.getServices({}),
    ]);
    const only = (items: readonly { readonly uuid: string }[]): string => items.map(({ uuid }) => uuid).join(" ");
    return { instance: only(instances.items), volume: only(volumes.items), service: only(services.items) };
  };

  describe("read by a program", () => {
    before(() =>
      project.write(
        "index.ts",
        `${PROGRAM}
          const byId = unikernel.Instance.get("by-id", "${created.instance}");
          const byName = unikernel.Instance.get("by-name", "server");
          const volume = unikernel.Volume.get("volume", "data");
          const service = unikernel.Service.get("service", "${created.service}");
          export const names = [byId.name, byName.name, volume.name, service.name];
          export const facts = [byId.memoryMb, byName.memoryMb, volume.sizeMb, service.url];
        `,
      ),
    );

    it("is read by uuid and by name", async () => {
      const { outputs } = assertSucceeded(await project.stack({}).up());
      assert.deepEqual(outputs["names"], ["server", "server", "data", "front"]);
      assert.deepEqual(outputs["facts"], [96, 96, 8, `http://127.0.0.1:${port}`]);
      const { resources } = await project.stack({}).state();
      const ids = resources.flatMap(({ type, id = "" }) => (type.includes("unikernel:") ? [id] : []));
      const { instance, volume, service } = created;
      assert.deepEqual(ids.sort(), [instance, instance, volume, service].sort(), "the state knows each by its uuid");
    });

    it("shows no changes on the second run", async () => {
      const result = assertSucceeded(await project.stack({}).preview({ expectNoChanges: true }));
      assert.deepEqual(changingSteps(result), []);
    });

    it("stays when that program's stack is destroyed", async () => {
      const machines = await platform.virtualMachines();
      assertSucceeded(await project.stack({}).destroy());
      assert.deepEqual(await present(), created);
      assert.deepEqual(await platform.virtualMachines(), machines);
    });
  });

  describe("adopted by a program", () => {
    before(() =>
      project.write(
        "index.ts",
        `${PROGRAM}
          const adopt = true;
          const volume = new unikernel.Volume("volume", { name: "data", sizeMb: 16, adopt });
          const service = new unikernel.Service("service", {
            name: "front", ports: [{ port: ${port}, destinationPort: 8080 }], softLimit: 5, replicas: 0, adopt,
          });
          const image = "${image}";
          const instance = new unikernel.Instance("instance", { name: "server", image, memoryMb: 96, tags: ["mine"], adopt });
          export const ids = [instance.id, volume.id, service.id];
        `,
      ),
    );

    it("is updated in place to match the program", async () => {
      const machines = await platform.virtualMachines();
      const { outputs } = assertSucceeded(await project.stack({}).up());
      assert.deepEqual(outputs["ids"], [created.instance, created.volume, created.service]);
      assert.deepEqual(await present(), created);
      const { client } = platform;
      // Whoever manages an instance from now on is marked beside the tags of the program.
      const tags = (await client.getInstances({})).items[0]?.tags ?? [];
      assert.match(tags.join(" "), /^mine pulumi:[0-9a-f]{12}:[0-9a-f]{16}$/);
      assert.equal((await client.getVolumes({})).items[0]?.size_mb, 16);
      assert.equal((await client.getServices({})).items[0]?.soft_limit, 5);
      assert.deepEqual(await platform.virtualMachines(), machines, "a tag restarts nothing");
    });

    it("shows no changes afterwards", async () => {
      const result = assertSucceeded(await project.stack({}).preview({ expectNoChanges: true, refresh: true }));
      assert.deepEqual(changingSteps(result), []);
    });

    it("is destroyed with the stack", async () => {
      // First, while the daemon can still clean up its image store.
      assertSucceeded(await builder.stack({}).destroy());
      assertSucceeded(await project.stack({}).destroy());
      assert.deepEqual(await present(), { instance: "", volume: "", service: "" });
      await platform.assertNothingLeft([port]);
    });
  });
});
