/** The daemon as a separate process with real VMs: what survives its kill, what a volume keeps, what is left. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { BodyOf } from "../../../provider/contract/routes";
import { localPaths } from "../../../provider/base/localPaths";
import { writeCpio } from "../../../provider/image/cpio/write";
import { openLayout } from "../../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually, isListening } from "../../support/localPlatform";

describe("the local platform on real VMs", function () {
  this.timeout(180_000);
  let platform: LocalPlatform;
  let port: number;
  let service: string;

  before(async () => {
    platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const initrd = path.join(platform.folder, "initrd.cpio");
    const page = { type: "file", mode: 0o644, content: { bytes: Buffer.from("served\n") } } as const;
    await writeCpio(new Map([...runtime.baseTree, ["www/index.html", page]]), initrd);
    await openLayout(localPaths().imagesDir).putImage({
      repository: "page",
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"], env: {}, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
    await fs.rm(initrd);
    port = await freePort();
    const { items } = await platform.client.createService({
      body: { name: "web", services: [{ port, destination_port: 8080 }] },
    });
    service = items[0]?.uuid ?? "";
  });
  after(() => platform.close());

  const page = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  const create = async (body: Partial<BodyOf<"createInstance">>) => {
    const { items } = await platform.client.createInstance(
      { body: { image: "page", memory_mb: 128, autostart: true, timeout_s: 60, ...body } },
      { serverWaitMs: 60_000 },
    );
    const [item] = items;
    assert.equal(item?.status, "success", item?.message);
    return item?.uuid ?? "";
  };
  const remove = (...uuids: string[]) =>
    platform.client.deleteInstances({ body: uuids.map((uuid) => ({ uuid })) }, { serverWaitMs: 30_000 });
  const stopped = async (uuid: string) => {
    await platform.client.waitInstances(
      { query: { uuid: [uuid], state: ["stopped"], timeout_s: [60] } },
      { serverWaitMs: 60_000 },
    );
    return (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];
  };

  it("holds the first request until the guest is ready, then serves it", async () => {
    await create({ name: "a", service_group: { uuid: service }, timeout_s: 0 });
    assert.equal(await page(), "served\n");
  });

  it("serves again from the same VMs after the daemon is killed", async () => {
    const [before, daemon] = [await platform.virtualMachines(), await platform.daemonPid()];
    assert.equal(before.length, 1);
    assert.ok(daemon !== undefined);
    process.kill(daemon, "SIGKILL");
    await eventually("the port closes", async () => !(await isListening(port)));
    const [item] = (await platform.client.getInstances({ query: { name: ["a"] } })).items;
    assert.deepEqual([item?.state, item?.start_count], ["running", 1]);
    assert.notEqual(await platform.daemonPid(), daemon);
    assert.equal(await page(), "served\n");
    assert.deepEqual(await platform.virtualMachines(), before);
  });

  it("suspends a VM and resumes it without a reboot, also with another daemon", async () => {
    const { client } = platform;
    const own = await freePort();
    const boot = "cat /proc/sys/kernel/random/boot_id > /www/boot; exec httpd -f -p 8080 -h /www";
    const service_group = { services: [{ port: own, destination_port: 8080 }] };
    const uuid = await create({ name: "frozen", args: ["sh", "-c", boot], service_group });
    const bootId = async () =>
      (await fetch(`http://127.0.0.1:${own}/boot`, { headers: { connection: "close" } })).text();
    const before = await bootId();
    assert.match(before, /^[0-9a-f-]{36}\n$/);
    const { items } = await client.suspendInstances({ body: [{ uuid }] });
    assert.equal(items[0]?.state, "stopped");
    assert.ok(items[0]?.snapshot?.uuid);
    process.kill((await platform.daemonPid()) ?? 0, "SIGKILL");
    await eventually("the port closes", async () => !(await isListening(own)));
    const started = await client.startInstances({ body: [{ uuid, timeout_s: 30 }] }, { serverWaitMs: 30_000 });
    assert.equal(started.items[0]?.state, "running", started.items[0]?.message);
    assert.equal(await bootId(), before);
    const [usage] = (await client.getInstanceMetrics({ query: { uuid: [uuid] } })).items;
    assert.ok(Number(usage?.rss_bytes) > 10_000_000 && Number(usage?.cpu_time_ms) > 0);
    assert.ok(Number(usage?.tx_bytes) > 36, "what it sent passed through the proxy");
    await remove(uuid);
  });

  it("reports how a program ended while no daemon ran", async () => {
    const uuid = await create({ name: "brief", args: ["sh", "-c", "sleep 4; echo bye; exit 7"] });
    process.kill((await platform.daemonPid()) ?? 0, "SIGKILL");
    await eventually("the VM ends", async () => (await platform.virtualMachines()).length === 1);
    const item = await stopped(uuid);
    assert.deepEqual([item?.state, item?.stop_reason, item?.exit_code], ["stopped", 3, 7]);
    assert.match(await platform.readConsole(uuid), /bye/);
    await remove(uuid);
  });

  it("rejects a guest with too little memory and names the minimum", async () => {
    const { items } = await platform.client.createInstance({ body: { image: "page", memory_mb: 16, autostart: true } });
    assert.equal(items[0]?.error, 20);
    assert.match(items[0]?.message ?? "", /\d+ MiB/);
  });

  it("keeps data on a volume when its running instance is deleted", async () => {
    const volume = (await platform.client.createVolume({ body: { name: "data", size_mb: 16 } })).items[0]?.uuid ?? "";
    const volumes = [{ uuid: volume, at: "/data" }];
    const writer = await create({
      name: "writer",
      volumes,
      args: ["sh", "-c", "echo kept > /data/file; echo written; sleep 1000"],
    });
    await eventually("the file is written", async () => /written/.test(await platform.readConsole(writer)));
    await remove(writer);
    const reader = await create({ name: "reader", volumes, args: ["cat", "/data/file"] });
    assert.equal((await stopped(reader))?.exit_code, 0);
    assert.match(await platform.readConsole(reader), /^kept\r?$/m);
    await remove(reader);
    assert.equal((await platform.client.deleteVolumes({ body: [{ uuid: volume }] })).items[0]?.status, "success");
  });

  it("detaches a volume from a stopping guest, clones it, and attaches both to another guest", async () => {
    const { client } = platform;
    const volume = (await client.createVolume({ body: { name: "moved", size_mb: 16 } })).items[0]?.uuid ?? "";
    const writer = await create({
      name: "writer",
      volumes: [{ uuid: volume, at: "/data" }],
      args: ["sh", "-c", "echo content > /data/file; echo written; sleep 1000"],
    });
    await eventually("the file is written", async () => /written/.test(await platform.readConsole(writer)));
    await client.detachVolumes({ body: [{ uuid: volume }] });
    await client.stopInstances({ body: [{ uuid: writer }] });
    assert.deepEqual((await stopped(writer))?.volumes, []);
    const clone = (await client.cloneVolumes({ body: [{ uuid: volume }] })).items[0]?.uuid ?? "";
    const stateOf = async () => (await client.getVolumes({ query: { uuid: [clone] } })).items[0]?.state;
    await eventually("the clone is made", async () => (await stateOf()) === "available");
    const reader = await create({
      name: "reader",
      autostart: false,
      timeout_s: 0,
      volumes: [{ uuid: clone, at: "/clone", readonly: true }],
      args: ["cat", "/moved/file", "/clone/file"],
    });
    await client.attachVolumes({ body: [{ uuid: volume, attach_to: { uuid: reader }, at: "/moved" }] });
    await client.startInstances({ body: [{ uuid: reader }] });
    assert.equal((await stopped(reader))?.exit_code, 0);
    assert.equal((await platform.readConsole(reader)).match(/^content\r?$/gm)?.length, 2);
    await remove(writer, reader);
    const deleted = await client.deleteVolumes({ body: [{ uuid: volume }, { uuid: clone }] });
    assert.deepEqual(
      deleted.items.map(({ status }) => status),
      ["success", "success"],
    );
  });

  it("leaves only the images once everything is deleted", async () => {
    const [item] = (await platform.client.getInstances({ query: { name: ["a"] } })).items;
    await remove(item?.uuid ?? "");
    await platform.client.deleteServices({ body: [{ uuid: service }] });
    await openLayout(localPaths().imagesDir).remove("page");
    await platform.assertNothingLeft([port]);
  });
});
