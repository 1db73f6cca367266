import assert from "node:assert/strict";
import { parseProcUsage, readProcessUsage } from "../../../../../../provider/platform/vmm/qemu/host/usage";

describe("the resource usage of a process", () => {
  it("matches what the process measures itself", async () => {
    for (const until = performance.now() + 50; performance.now() < until;); // so that there is time to measure
    const { user, system } = process.cpuUsage();
    const { rssBytes, cpuTimeMs } = await readProcessUsage(process.pid);
    const rss = process.memoryUsage.rss();
    assert.ok(Math.abs(rssBytes - rss) < 0.2 * rss, `${rssBytes} of ${rss}`);
    const ownMs = (user + system) / 1000;
    assert.ok(Math.abs(cpuTimeMs - ownMs) < 100, `${cpuTimeMs} of ${ownMs}`);
  });

  it("is zero for a process that is gone or cannot be read", async () => {
    assert.deepEqual(await readProcessUsage(2 ** 30), { rssBytes: 0, cpuTimeMs: 0 });
    assert.deepEqual(parseProcUsage("", ""), { rssBytes: 0, cpuTimeMs: 0 });
  });

  it("is parsed after a process name with spaces and parentheses", () => {
    const stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 99";
    assert.deepEqual(parseProcUsage(stat, "Name:\tx\nVmRSS:\t     2048 kB\n"), {
      rssBytes: 2_097_152,
      cpuTimeMs: 2_000,
    });
  });
});
