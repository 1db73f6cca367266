/** An instance that sleeps on the disk, on a real daemon and QEMU: memory, wake-ups, kills. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as path from "node:path";
import { promisify } from "node:util";
import { localPaths } from "../../../provider/base/localPaths";
import { writeCpio } from "../../../provider/image/cpio/write";
import { openLayout } from "../../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

/** Serves an id that each boot chooses anew, and a count that grows in the guest's memory. */
const PROGRAM = `mkdir -p /www; cat /proc/sys/kernel/random/boot_id > /www/boot
  (i=0; while :; do i=$((i+1)); echo $i > /www/.next; mv /www/.next /www/count; sleep 0.1; done) &
  exec httpd -f -p 8080 -h /www`;
const CLIENTS = 100;

describe("an instance that sleeps on the disk", function () {
  this.timeout(120_000);
  let platform: LocalPlatform;
  let port: number;
  let uuid: string;
  before(async function () {
    this.timeout(180_000);
    platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const initrd = path.join(platform.folder, "initrd.cpio");
    await writeCpio(runtime.baseTree, initrd);
    await openLayout(localPaths().imagesDir).putImage({
      ...{ repository: "counter", tag: "latest", platform: { os: "qemu", architecture: "x86_64" } },
      ...{ config: { cmd: ["sh", "-c", PROGRAM], env: {}, labels: {} } },
      ...{ kernel: { file: runtime.kernelFile }, initrd: { file: initrd } },
    });
    port = await freePort();
    const body = {
      ...{ image: "counter", name: "counter", memory_mb: 128, autostart: true, timeout_s: 60 },
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 200 } as const,
      service_group: { services: [{ port, destination_port: 8080 }], soft_limit: 500, hard_limit: 500 },
    };
    const { items } = await platform.client.createInstance({ body }, { serverWaitMs: 60_000 });
    assert.equal(items[0]?.status, "success", items[0]?.message);
    uuid = items[0]?.uuid ?? "";
  });
  after(() => platform.close());

  const get = (file: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.get({ host: "127.0.0.1", port, path: `/${file}`, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("error", reject).on("end", () => resolve(body.trim()));
      });
      request.on("error", reject);
    });
  const find = async () => (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];
  const metrics = async () => (await platform.client.getInstanceMetrics({ query: { uuid: [uuid] } })).items[0];
  const untilSaved = (): Promise<void> =>
    eventually("no VM has a process", async () => (await platform.virtualMachines()).length === 0);

  it("frees its memory, and wakes once for many clients as what it was", async () => {
    const bootOf = await get("boot");
    const count = Number(await get("count"));
    await eventually("it sleeps", async () => (await find())?.state === "standby");
    const inMemory = (await metrics())?.rss_bytes ?? 0;
    await untilSaved();
    assert.deepEqual([(await find())?.state, (await metrics())?.rss_bytes], ["standby", 0]);
    const { stdout } = await promisify(execFile)("du", ["-sk", path.join(localPaths().instancesDir, uuid)]);
    const before = Number((await find())?.start_count);
    const startedAt = performance.now();
    const firstMs: number[] = [];
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const answer = await get("boot");
        firstMs.push(performance.now() - startedAt);
        return answer;
      }),
    );
    assert.deepEqual([...new Set(answers)], [bootOf]);
    assert.equal(Number((await find())?.start_count), before + 1);
    const after = Number(await get("count"));
    assert.ok(after >= count && after < count + 200, `${count}, then ${after}`);
    console.log(
      `        ${Math.round(inMemory / 2 ** 20)} MiB freed, ${Math.round(parseInt(stdout, 10) / 1024)} MiB on disk, ` +
        `first of ${CLIENTS} answers after ${Math.round(Math.min(...firstMs))} ms, last after ${Math.round(Math.max(...firstMs))} ms`,
    );
  });

  it("survives a killed daemon, and a machine on which nothing runs any more", async () => {
    const bootOf = await get("boot");
    await untilSaved();
    process.kill((await platform.daemonPid()) ?? assert.fail(), "SIGKILL");
    assert.equal((await find())?.state, "standby"); // the client starts the next daemon
    const startedAt = performance.now();
    assert.equal(await get("boot"), bootOf);
    console.log(`        woken by the next daemon in ${Math.round(performance.now() - startedAt)} ms`);
  });

  it("leaves nothing behind", async () => {
    await untilSaved();
    await platform.client.deleteInstances({ body: [{ uuid }] }, { serverWaitMs: 30_000 });
    assert.deepEqual(await platform.virtualMachines(), []);
    assert.deepEqual(await fs.readdir(localPaths().instancesDir), []);
  });
});
