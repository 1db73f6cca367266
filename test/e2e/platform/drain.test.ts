/** Drains of real guests whose programs never close a connection: busybox's nc with a shell that sleeps after its response. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as net from "node:net";
import * as path from "node:path";
import { promisify } from "node:util";
import { localPaths } from "../../../provider/base/localPaths";
import { writeCpio } from "../../../provider/image/cpio/write";
import { openLayout } from "../../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import { drainAndDelete } from "../../../provider/rollout/members/instances";
import { describeDrain } from "../../../provider/rollout/members/drainCounts";
import { systemClock } from "../../../provider/base/clock";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";

const RESPONSE = "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n";
const PROGRAM = `#!/bin/sh\nread line; printf '${RESPONSE}'; sleep 1000\n`;
const DRAIN_TIMEOUT_MS = 30_000;

describe("a drain of a guest that never closes its connections", function () {
  this.timeout(120_000);
  let platform: LocalPlatform;

  before(async () => {
    platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const initrd = path.join(platform.folder, "initrd.cpio");
    const file = { type: "file", mode: 0o755, content: { bytes: Buffer.from(PROGRAM) } } as const;
    await writeCpio(new Map([...runtime.baseTree, ["respond", file] as const]), initrd);
    await openLayout(localPaths().imagesDir).putImage({
      repository: "mute",
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: ["nc", "-ll", "-p", "8080", "-e", "/respond"], env: {}, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
  });
  after(() => platform.close());

  /** Drains an instance after `use` of its port, and returns the counts and the time. */
  async function drain(use: (port: number) => Promise<unknown>) {
    const port = await freePort();
    const services = [{ port, destination_port: 8080 }];
    const body = { image: "mute", memory_mb: 128, autostart: true, service_group: { services } };
    const { items } = await platform.client.createInstance({ body });
    const uuid = items[0]?.uuid ?? "";
    await eventually("the guest listens", async () => {
      const [item] = (await platform.client.getInstances({ query: { uuid: [uuid] } })).items;
      return (item?.net_time_us ?? 0) > 0;
    });
    await use(port);
    const startMs = performance.now();
    const counts = await drainAndDelete(
      { client: platform.client, clock: systemClock },
      { uuid, rotation: "in" },
      {
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
        halfClosedTimeoutMs: 2_000,
        timeoutMs: 30_000,
      },
    );
    return {
      text: counts && describeDrain(counts),
      drainMs: counts?.elapsedMs ?? 0,
      tookMs: performance.now() - startMs,
    };
  }

  it("does not wait for curl, which has its response", async () => {
    const { text, drainMs, tookMs } = await drain(async (port) => {
      const { stdout } = await promisify(execFile)("curl", ["-sS", `http://127.0.0.1:${port}/`]);
      assert.equal(stdout, "ok\n");
    });
    assert.equal(text, "no open connections");
    assert.ok(drainMs < 1_000 && tookMs < DRAIN_TIMEOUT_MS / 2, `${drainMs} ${tookMs}`);
  });

  it("waits for a half-closed connection that asked for no HTTP until it has been silent for the limit", async () => {
    const { text, drainMs } = await drain(
      (port) =>
        new Promise((resolve) => {
          const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
          client.once("data", resolve).end("a line\n");
        }),
    );
    assert.equal(text, "1 connection half-closed and given up");
    assert.ok(drainMs > 1_000 && drainMs < 5_000, String(drainMs));
  });
});
