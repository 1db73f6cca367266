/** `GET /metrics`, read line by line; test/foreign/platform/promtool.test.ts has Prometheus itself read it. */
import assert from "node:assert/strict";
import { freePort } from "../../support/freePorts";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

describe("the metrics of the platform", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(() => platform.close());

  const scrape = (headers: Record<string, string> = {}, method = "GET") => {
    const { url, token } = platform.daemon;
    return sendHttp(`${url}/metrics`, method, { authorization: `Bearer ${token}`, ...headers });
  };

  it("count states, boots, wakes, requests and memory", async () => {
    platform.guests.set("web", { ...webGuest("web"), usage: { rssBytes: 30_000_000, cpuTimeMs: 120 } });
    const port = await freePort();
    const services = [{ port, destination_port: 80 }];
    const scaleToZero = { policy: "on", stateful: true, cooldown_time_ms: 5 };
    const { uuid } = await platform.createRunning({
      name: "web",
      service_group: { name: "front", services },
      scale_to_zero: scaleToZero,
    });
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "off" });
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
    assert.equal((await sendHttp(`http://127.0.0.1:${port}/`, "GET", { connection: "close" })).text, "web");
    const { text } = await scrape();
    const labels = 'instance_name="web",service="front"';
    for (const sample of [
      'unikernel_instances{state="stopped"} 1',
      "unikernel_instance_boot_seconds_count 1",
      "unikernel_instance_net_seconds_count 1",
      "unikernel_instance_wake_seconds_count 1",
      `unikernel_instance_requests_total{${labels}} 1`,
      `unikernel_instance_memory_bytes{${labels}} 30000000`,
      `unikernel_instance_cpu_seconds_total{${labels}} 0.12`,
      'unikernel_service_members{service="front"} 1',
    ])
      assert.ok(text.includes(`\n${sample}\n`), `${sample}\n${text}`);
  });

  it("need the token and a GET", async () => {
    assert.equal((await scrape({ authorization: "Bearer wrong" })).status, 401);
    assert.equal((await scrape({}, "POST")).status, 405);
    const { url } = platform.daemon;
    assert.equal((await sendHttp(`${url}/metrics`, "GET", {})).status, 401);
    assert.equal((await sendHttp(`${url}/metrics?x=1`, "GET", {})).status, 401);
  });

  it("are OpenMetrics for who asks for it", async () => {
    const { text, status } = await scrape({ accept: "application/openmetrics-text;version=1.0.0" });
    assert.equal(status, 200);
    assert.match(text, /# TYPE unikernel_instance_requests counter\n.*# EOF\n$/s);
  });
});
