/** Many clients at the same time, with servers that were not written for it: busybox, whose backlog is 9, and Go's. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { localPaths } from "../../../provider/base/localPaths";
import type { BodyOf } from "../../../provider/contract/routes";
import { writeCpio } from "../../../provider/image/cpio/write";
import { openLayout } from "../../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { compileGoGuest } from "../../support/goGuest";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

const SERVERS = {
  busybox: { cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"], page: "served by busybox\n" },
  Go: { cmd: ["/server"], page: "served by Go\n" },
} as const;
type Server = keyof typeof SERVERS;

/** Requests over connections that are opened at the same time. The number of each outcome, a page or an error. */
async function burst(port: number, count: number): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  const fetchOnce = (): Promise<string> =>
    new Promise((resolve) => {
      const request = http.get({ host: "127.0.0.1", port, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("error", (error) => resolve(error.message)).on("end", () => resolve(body));
      });
      request.on("error", (error) => resolve(error.message));
      request.setTimeout(100_000, () => request.destroy(new Error("no answer within 100 s")));
    });
  const all = Array.from({ length: count }, async () => {
    const outcome = await fetchOnce();
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  });
  await Promise.all(all);
  return outcomes;
}

describe("many connections at the same time", function () {
  this.timeout(180_000);
  let platform: LocalPlatform;

  before(async () => {
    platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const binary = path.join(platform.folder, "server");
    await compileGoGuest("goServer", binary);
    const initrd = path.join(platform.folder, "initrd.cpio");
    const files = [
      ["www/index.html", { type: "file", mode: 0o644, content: { bytes: Buffer.from(SERVERS.busybox.page) } }],
      ["server", { type: "file", mode: 0o755, content: { bytes: await fs.readFile(binary) } }],
    ] as const;
    await writeCpio(new Map([...runtime.baseTree, ...files]), initrd);
    await openLayout(localPaths().imagesDir).putImage({
      repository: "servers",
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: [], env: {}, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
  });
  after(() => platform.close());

  /** Creates an instance behind a port of its own. */
  async function create(server: Server, more: Partial<BodyOf<"createInstance">> = {}) {
    const port = await freePort();
    const service_group = {
      services: [{ port, destination_port: 8080 }],
      soft_limit: 2000,
      hard_limit: 2000,
    };
    const { items } = await platform.client.createInstance(
      {
        body: {
          ...{ image: "servers", args: [...SERVERS[server].cmd], memory_mb: 192, service_group },
          ...{ autostart: true, timeout_s: 60, ...more },
        },
      },
      { serverWaitMs: 60_000 },
    );
    assert.equal(items[0]?.status, "success", items[0]?.message);
    return { port, uuid: items[0]?.uuid ?? "" };
  }
  afterEach(async () => {
    const { items } = await platform.client.getInstances({});
    const body = items.map(({ uuid = "" }) => ({ uuid }));
    await platform.client.deleteInstances({ body }, { serverWaitMs: 30_000 });
  });
  const find = async (uuid: string) => (await platform.client.getInstances({ query: { uuid: [uuid] } })).items[0];

  for (const server of ["busybox", "Go"] as const) {
    it(`are all answered by ${server}`, async () => {
      const { port } = await create(server);
      for (const count of [50, 50, 300]) assert.deepEqual(await burst(port, count), { [SERVERS[server].page]: count });
    });
  }

  for (const stateful of [true, false]) {
    it(`wake a sleeper once and are all answered (${stateful ? "memory kept" : "booted anew"})`, async () => {
      const scale_to_zero = { policy: "on", cooldown_time_ms: 500, stateful } as const;
      const { port, uuid } = await create("Go", { scale_to_zero });
      await eventually("the instance sleeps", async () => (await find(uuid))?.state === "standby");
      const before = await find(uuid);
      assert.deepEqual(await burst(port, 1000), { [SERVERS.Go.page]: 1000 });
      const [metrics] = (await platform.client.getInstanceMetrics({ query: { uuid: [uuid] } })).items;
      assert.equal(
        metrics?.wakeup_latency?.reduce((sum, { count }) => Math.max(sum, count), 0),
        1,
      );
      assert.equal(Number((await find(uuid))?.start_count) - Number(before?.start_count), 1);
    });
  }

  it("find the right time in a guest that one of them wakes", async () => {
    const scale_to_zero = { policy: "on", cooldown_time_ms: 500, stateful: true } as const;
    const { port, uuid } = await create("Go", { scale_to_zero });
    await eventually("the instance sleeps", async () => (await find(uuid))?.state === "standby");
    await delay(3_000);
    const sentAt = Date.now();
    const { stdout } = await promisify(execFile)("curl", ["-sS", "--fail", `http://127.0.0.1:${port}/clock`]);
    const guestMs = Number(BigInt(stdout.trim()) / 1_000_000n);
    assert.ok(
      guestMs >= sentAt - 50 && guestMs <= Date.now() + 50,
      `${guestMs - sentAt} ms after the request was sent`,
    );
  });

  it("of clients that go away leave nothing behind", async () => {
    const { port, uuid } = await create("Go");
    const gone = Array.from({ length: 200 }, () => {
      const request = http.get({ host: "127.0.0.1", port, agent: false }).on("error", () => undefined);
      setTimeout(() => request.destroy(), Math.random() * 200);
      return new Promise((resolve) => request.once("close", resolve));
    });
    await Promise.all(gone);
    assert.deepEqual(await burst(port, 50), { [SERVERS.Go.page]: 50 });
    await eventually("no connection is open", async () => {
      const [metrics] = (await platform.client.getInstanceMetrics({ query: { uuid: [uuid] } })).items;
      return metrics?.nconns === 0;
    });
  });
});
