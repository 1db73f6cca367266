/** The vendor's own JavaScript SDK against the local API. */
import assert from "node:assert/strict";
import type { Instance, UnikraftCloud } from "@unikraft/cloud" with { "resolution-mode": "import" };
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

describe("the vendor's JavaScript SDK", () => {
  let platform: TestPlatform;
  let cloud: UnikraftCloud;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    const { url, token } = platform.daemon;
    const sdk = await import("@unikraft/cloud");
    cloud = new sdk.UnikraftCloud({ metro: url, controlPlaneUrl: url, token });
  });
  after(() => platform.close());

  it("creates, reads, lists, stops and deletes an instance", async () => {
    platform.guests.set("web", { console: "hello\n", onStop: { kind: "exited", exitCode: 0 } });
    const ref = { name: "web" };
    const made = await cloud.instances.create({ ...ref, image: "app:1", autostart: true, timeout_s: 10 });
    const read = await cloud.instances.get(ref);
    assert.deepEqual([read.uuid, read.state], [made.uuid, "running"]);
    const listed: Instance[] = [];
    for await (const one of cloud.instances.list()) listed.push(one);
    assert.deepEqual(listed.map(({ name }) => name), ["web"]); // prettier-ignore
    assert.equal((await cloud.instances.wait(ref, { state: "running" })).state, "running");
    assert.equal((await cloud.instances.metrics(ref)).uuid, made.uuid);
    assert.equal((await cloud.instances.logs(ref)).state, "running");
    assert.equal((await cloud.instances.history(ref))[0]?.uuid, made.uuid);
    await cloud.instances.stop(ref);
    await cloud.instances.wait(ref, { state: "stopped" });
    await cloud.instances.delete(ref);
    await assert.rejects(async () => await cloud.instances.get(ref), { status: 404 });
  });

  it("changes, adds to and clears properties", async () => {
    const ref = { name: "patched" };
    await cloud.instances.create({ ...ref, image: "app:1", tags: ["a"], env: { A: "1" }, hostname: "shop" });
    await cloud.instances.update(ref, { memory_mb: 256, tags: ["b"] });
    await cloud.instances
      .edit(ref)
      .add({ tags: ["c"] })
      .apply();
    assert.deepEqual((await cloud.instances.get(ref)).tags, ["b", "c"]);
    await cloud.instances.update(ref, { tags: null, env: null, hostname: null } as never);
    const { tags, env, memory_mb } = await cloud.instances.get(ref);
    assert.deepEqual([tags, env, memory_mb], [[], {}, 256]);
  });

  it("publishes services and mounts volumes", async () => {
    const port = await freePort();
    const group = await cloud.services.create({ name: "web-group", services: [{ port }] });
    assert.equal((await cloud.services.get({ name: "web-group" })).uuid, group.uuid);
    const data = await cloud.volumes.create({ name: "data", size_mb: 8 });
    await cloud.instances.create({ name: "user", image: "app:1", service_group: { uuid: group.uuid } } as never);
    await cloud.volumes.attach({ uuid: data.uuid }, { attach_to: { name: "user" }, at: "/data" });
    assert.deepEqual((await cloud.volumes.get({ name: "data" })).attached_to?.map(({ name }) => name), ["user"]); // prettier-ignore
    await cloud.volumes.detach({ uuid: data.uuid }, { from: { name: "user" } });
    await cloud.volumes.update({ uuid: data.uuid }, { size_mb: 16 });
    assert.equal((await cloud.volumes.get({ uuid: data.uuid })).size_mb, 16);
    await cloud.volumes.delete({ uuid: data.uuid });
  });

  it("scales a service and reads its policies", async () => {
    await cloud.instances.create({ name: "golden", image: "app:1" });
    const { platform: api } = cloud.api;
    const [golden] =
      (await api.instances.createTemplateInstances({ body: [{ name: "golden" }] })).data?.instances ?? [];
    const group = await cloud.services.create({ name: "scaled", services: [{ port: await freePort() }] });
    const { uuid } = group;
    await api.autoscale.createAutoscaleConfigurationByServiceGroupUuid(uuid, {
      body: { min_size: 0, max_size: 2, create_args: { template: { uuid: golden?.uuid ?? "" } } },
    } as never);
    const policy = { name: "load", metric: "cpu", adjustment_type: "percentage", steps: [{ adjustment: 50 }] } as const;
    await api.autoscale.createAutoscaleConfigurationPolicy(uuid, { body: { name: "load", type: policy as never } });
    const read = await api.autoscale.getAutoscaleConfigurationPolicyByName(uuid, "load");
    assert.equal(read.data?.policies?.[0]?.policy.adjustment_type, "percentage");
    await api.autoscale.deleteAutoscaleConfigurationsByServiceGroupUuid(uuid);
  });

  it("reads images, quotas, health and metros, and pins an image", async () => {
    const { platform: api, controlplane } = cloud.api;
    assert.equal((await api.images.getImages({ tag: "app:1" })).data?.images?.length, 1);
    const [pin] = (await api.images.pinImages({ body: [{ url: "app:1", timeout_s: -1 }] })).data?.images ?? [];
    assert.equal(pin?.state, "ready");
    assert.equal((await api.images.unpinImages({ body: [{ uuid: pin?.uuid ?? "" }] })).status, "success");
    assert.equal(typeof (await cloud.users.quotas())[0]?.hard?.instances, "number");
    assert.equal((await controlplane.metros.listMetros()).data?.metros?.[0]?.name, "local");
  });
});
