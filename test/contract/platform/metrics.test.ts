/** Metrics of instances, as JSON and in the Prometheus format. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { instanceMetricsItem } from "../../../provider/contract/models";
import { prometheusText } from "../../../provider/platform/handlers/instances/prometheus";
import { freePort } from "../../support/freePorts";
import { type Item, sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const PATH = "/v1/instances/metrics";
const JSON_TYPE = { accept: "application/json" };

/** Samples by name and labels; fails on a line that is neither a sample nor a comment. */
function samplesIn(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
    const [, name = "", value = ""] = /^([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})?) (\S+)$/.exec(line) ?? [];
    assert.ok(name !== "" && Number.isFinite(Number(value)), line);
    assert.equal(samples.has(name), false, `twice: ${name}`);
    samples.set(name, Number(value));
  }
  return samples;
}

describe("metrics", () => {
  let platform: TestPlatform;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
  });
  afterEach(() => platform.close());

  const metrics = async (query = ""): Promise<readonly Item[]> =>
    (await platform.api("GET", PATH + query, undefined, JSON_TYPE)).items;
  const text = async (query = "", headers: Record<string, string> = {}) => {
    const { url, token } = platform.daemon;
    return await sendHttp(url + PATH + query, "GET", { authorization: `Bearer ${token}`, ...headers });
  };
  const pick = (item: Item | undefined, ...fields: string[]) => fields.map((field) => item?.[field]);
  const serviceGroup = () => ({ service_group: { services: [{ port, destination_port: 80 }] } });

  it("report the usage of a running VM and nothing for a stopped instance", async () => {
    platform.guests.set("web", { ...webGuest("web"), usage: { rssBytes: 30_000_000, cpuTimeMs: 120 } });
    const { uuid } = await platform.createRunning({ name: "web" });
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "off" });
    const [web, off] = await metrics();
    assert.deepEqual(pick(web, "uuid", "state", "start_count", "restart_count"), [uuid, "running", 1, 0]);
    assert.deepEqual(pick(web, "rss_bytes", "cpu_time_ms"), [30_000_000, 120]);
    assert.ok(Number(web?.["boot_time_us"]) > 0 && typeof web?.["started_at"] === "string");
    assert.deepEqual(pick(off, "state", "rss_bytes", "cpu_time_ms", "started_at"), ["stopped", 0, 0, undefined]);
    for (const item of [web, off]) assert.equal(instanceMetricsItem.safeParse(item).success, true);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    const [stopped] = await metrics(`?uuid=${uuid}`);
    assert.deepEqual(pick(stopped, "rss_bytes", "cpu_time_ms", "start_count"), [0, 0, 1]);
  });

  it("count what passed through the proxy and what is in flight", async () => {
    let answer = (): void => undefined;
    const server = http.createServer((_request, response) => {
      response.write("1234");
      answer = () => void response.end("5678");
    });
    platform.guests.set("web", { ...webGuest("web"), serve: (socket) => void server.emit("connection", socket) });
    await platform.createRunning({ name: "web", ...serviceGroup() });
    const agent = new http.Agent({ keepAlive: true });
    const begun = new Promise<void>((resolve) => server.once("request", () => resolve()));
    const reply = sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent);
    await begun;
    const raw = net.connect(port, "127.0.0.1").on("error", () => undefined);
    raw.write("x");
    const untilCounted = async (expected: readonly number[]): Promise<Item | undefined> => {
      for (;;) {
        const [item] = await metrics();
        if (pick(item, "nconns", "nreqs", "ntotal").join() === expected.join()) return item;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    await untilCounted([1, 1, 2]);
    answer();
    await reply;
    await untilCounted([1, 0, 2]);
    raw.destroy();
    const item = await untilCounted([0, 0, 2]);
    assert.ok(Number(item?.["rx_bytes"]) > "GET / HTTP/1.1".length && Number(item?.["tx_bytes"]) > 8);
    assert.ok(Number(item?.["rx_packets"]) > 0 && Number(item?.["tx_packets"]) > 0);
    const again = sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent); // on the same connection
    await untilCounted([0, 1, 3]);
    answer();
    await again;
    agent.destroy();
  });

  it("count waiting connections and the wake time of an instance in standby", async () => {
    platform.guests.set("sleepy", { ...webGuest("sleepy"), listenMs: 60 });
    const scale_to_zero = { policy: "on", cooldown_time_ms: 0 };
    const { uuid } = await platform.createRunning({ name: "sleepy", ...serviceGroup(), scale_to_zero });
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
    const [asleep] = await metrics();
    const none = asleep?.["wakeup_latency"] as { bucket_ms?: number; count: number }[];
    assert.deepEqual(
      [none.length, none[0], none[12], none[13]],
      [...[14, { bucket_ms: 1, count: 0 }], ...[{ bucket_ms: 4096, count: 0 }, { count: 0 }]],
    );
    const reply = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    for (let queued = 0; queued !== 1; queued = Number((await metrics())[0]?.["nqueued"]));
    await (await reply).text();
    const [woken] = await metrics();
    const buckets = woken?.["wakeup_latency"] as { bucket_ms?: number; count: number }[];
    const tookMs = Number(woken?.["wakeup_latency_sum"]);
    assert.ok(tookMs >= 59, `${tookMs} ms`); // timers may fire slightly early
    for (const { bucket_ms = Infinity, count } of buckets) assert.equal(count, tookMs <= bucket_ms ? 1 : 0);
    assert.equal(woken?.["nqueued"], 0);
  });

  it("are text unless JSON is requested, with the same numbers", async () => {
    platform.guests.set("web", { ...webGuest("web"), usage: { rssBytes: 4096, cpuTimeMs: 1500 } });
    const { uuid } = await platform.createRunning({ name: "web", ...serviceGroup() });
    await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    for (const headers of [{}, { accept: "*/*" }, { accept: "text/plain" }]) {
      const reply = await text("", headers);
      assert.equal(reply.status, 200);
      assert.match(String(reply.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
      const samples = samplesIn(reply.text);
      const value = (name: string) => samples.get(`${name}{instance_uuid="${uuid}"}`);
      assert.deepEqual(
        ["instance_state", "instance_rss_bytes", "instance_cpu_time_s", "instance_start_count"].map(value),
        [2, 4096, 1.5, 1],
      );
      assert.deepEqual([value("instance_ntotal"), value("instance_nreqs")], [1, 0]);
      const startedAt = value("instance_started_at") ?? 0;
      assert.ok(Math.abs(startedAt - Date.now() / 1000) < 60);
      assert.equal(value("instance_stopped_at"), undefined);
      assert.equal(samples.get(`instance_wakeup_latency_seconds_bucket{instance_uuid="${uuid}",le="+Inf"}`), 0);
      assert.match(reply.text, /^# TYPE instance_state gauge$/m);
      assert.match(reply.text, /^# TYPE instance_wakeup_latency_seconds histogram$/m);
    }
  });

  it("encode every state as the API's number", () => {
    const states = [
      "stopped",
      "starting",
      "running",
      "draining",
      "stopping",
      "standby",
      "template",
      "deleted",
    ] as const;
    const lines = prometheusText(states.map((state) => ({ uuid: state, name: state, state })));
    states.forEach((state, number) => {
      assert.equal(samplesIn(lines).get(`instance_state{instance_uuid="${state}"}`), number);
    });
  });

  it("are returned for selected instances, and report those that do not exist", async () => {
    const { uuid } = await platform.createRunning({ name: "web" });
    await platform.createRunning({ name: "other" });
    assert.deepEqual(
      (await metrics("?name=web&name=ghost")).map((item) => [item.name, item["error"]]),
      [
        ["web", undefined],
        ["ghost", 8],
      ],
    );
    assert.deepEqual(
      (await platform.api("GET", `/v1/instances/${uuid}/metrics`, undefined, JSON_TYPE)).items.length,
      1,
    );
    const reply = await text("?name=web&name=ghost");
    assert.match(reply.text, /^# No instance with name 'ghost'$/m);
    assert.equal(samplesIn(reply.text).get(`instance_state{instance_uuid="${uuid}"}`), 2);
  });

  it("omit templates and checkpoints, which never run", async () => {
    await platform.requestItem("POST", "/v1/instances", { image: "app:1", name: "golden" });
    await platform.requestItem("POST", "/v1/instances/checkpoints", [{ from: { name: "golden" }, name: "frozen" }]);
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden" }]);
    assert.deepEqual(await metrics(), []);
    assert.equal((await metrics("?name=golden"))[0]?.["state"], "template");
  });
});
