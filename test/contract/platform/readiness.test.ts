/** Readiness probes: members that open their port before they can serve get no connection before their probe passes. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../../support/freePorts";
import { type Received, slowGateway } from "../../support/slowGateway";
import { type Item, sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const HELLO = { port: 80, path: "/hello", match: { "$.status": "pass" } };
const PROBE = { http: HELLO, interval_ms: 20 };

describe("a member with a readiness probe", () => {
  let platform: TestPlatform;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
  });
  afterEach(() => platform.close());

  const group = () => ({ services: [{ port, destination_port: 80 }] });
  const create = (name: string, more: Record<string, unknown> = {}) =>
    platform.createRunning({ name, service_group: group(), readiness_probe: PROBE, ...more });
  const createStopped = (name: string, more: Record<string, unknown> = {}) =>
    platform.requestItem("POST", "/v1/instances", { name, image: "app:1", ...more });
  const get = (path = "/") => sendHttp(`http://127.0.0.1:${port}${path}`, "GET", {}, undefined, new http.Agent());
  const patch = (uuid: string, prop: string, value?: unknown) =>
    platform.requestItem("PATCH", "/v1/instances", [{ uuid, prop, op: value === undefined ? "del" : "set", value }]);
  const readinessOf = async (uuid: string) => (await platform.instance(uuid))["readiness"] as Item | undefined;
  const waitForReadiness = (uuid: string, state: string) =>
    platform.waitForItem(uuid, (item) => (item["readiness"] as Item | undefined)?.["state"] === state);

  it("gets connections only after it has passed, at its first start", async () => {
    platform.guests.set("gateway", slowGateway({ serveAfterMs: 150, healthyAfterMs: 300 }));
    const beganMs = Date.now();
    const { uuid } = await create("gateway");
    const waiting = await platform.instance(uuid);
    assert.ok(Number(waiting["net_time_us"]) > 0, "the port is open");
    assert.equal((waiting["readiness"] as Item)["state"], "waiting");
    const responses = await Promise.all(Array.from({ length: 20 }, () => get()));
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
    const { state, attempts, reason, passed_at } = (await platform.instance(uuid))["readiness"] as Item;
    const passedAt = Date.parse(String(passed_at));
    assert.deepEqual([state, reason], ["passed", undefined]);
    assert.ok(Number(attempts) > 3, `${String(attempts)} attempts`);
    assert.ok(passedAt >= beganMs + 300 && passedAt <= Date.now(), `passed ${passedAt - beganMs} ms after the create`);
  });

  for (const stateful of [false, true])
    it(`is probed at every wake (${stateful ? "memory kept" : "booted anew"})`, async () => {
      const received: Received = { requests: [] };
      platform.guests.set("gateway", slowGateway({ serveAfterMs: 100, healthyAfterMs: 150 }, received));
      const { uuid } = await create("gateway", {
        scale_to_zero: { policy: "on", cooldown_time_ms: 30, stateful },
      });
      for (let wake = 0; wake < 3; wake++) {
        const item = await platform.waitForItem(uuid, ({ state }) => state === "standby");
        assert.equal(item["readiness"], undefined);
        received.requests.length = 0;
        assert.equal((await get()).status, 200);
        const probed = received.requests.map(({ path }) => path);
        assert.equal(probed.indexOf("/hello"), 0, probed.join());
        assert.equal(probed.lastIndexOf("/"), probed.length - 1, probed.join());
      }
    });

  it("is probed again by the next daemon", async () => {
    platform.guests.set("gateway", slowGateway({ serveAfterMs: 0, healthyAfterMs: 400 }));
    const { uuid } = await create("gateway");
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await readinessOf(uuid))?.["state"], "waiting");
    assert.equal((await get()).text, "served");
    assert.equal((await readinessOf(uuid))?.["state"], "passed");
  });

  it("shows why it waits, without body, headers and log entries of either", async () => {
    const received: Received = { requests: [] };
    platform.guests.set("gateway", slowGateway({ serveAfterMs: 0, healthyAfterMs: Infinity }, received));
    const probe = { ...PROBE, http: { ...HELLO, headers: { "X-Key": "s3cret" } }, failure_threshold: 3 };
    const { uuid } = await create("gateway", { readiness_probe: probe });
    const failed = (await waitForReadiness(uuid, "failed"))["readiness"] as Item;
    assert.equal(failed["reason"], '/hello did not return "pass" at $.status');
    assert.deepEqual(received.requests[0], { path: "/hello", key: "s3cret" });
    const log = await fs.readFile(platform.paths.logFile, "utf8");
    assert.match(log, /instance\.not-ready/);
    assert.doesNotMatch(log, /s3cret|starting"/);
    assert.equal((await platform.instance(uuid))["state"], "running");
  });

  it("does not count failures in its start period, and can pass after it failed", async () => {
    const options = { serveAfterMs: 0, healthyAfterMs: Infinity };
    platform.guests.set("gateway", slowGateway(options));
    const { uuid } = await create("gateway", {
      readiness_probe: { ...PROBE, start_period_ms: 300, failure_threshold: 2 },
    });
    const { attempts } = (await waitForReadiness(uuid, "failed"))["readiness"] as Item;
    assert.ok(Number(attempts) > 4, `${String(attempts)} attempts`);
    options.healthyAfterMs = 0;
    assert.equal((await get()).text, "served");
  });

  it("needs as many successes in a row as its threshold says", async () => {
    const { uuid } = await create("plain", {
      readiness_probe: { http: { port: 80, path: "/" }, interval_ms: 10, success_threshold: 5 },
    });
    const { attempts } = (await waitForReadiness(uuid, "passed"))["readiness"] as Item;
    assert.equal(attempts, 5);
  });

  it("is probed with the methods, statuses and bodies that the probe asks for", async () => {
    const server = http.createServer((request, response) => {
      const big = "x".repeat(2 * 1024 * 1024);
      if (request.url === "/redirect") response.writeHead(302, { location: "/missing" }).end();
      else if (request.url === "/big") response.end(`ready${big}`);
      else if (request.url === "/echo") response.end(`${request.method ?? ""} ${request.headers.host ?? ""}`);
      else response.writeHead(404).end();
    });
    platform.setDefaultGuest((name) => ({
      ...webGuest(name),
      serve: (socket) => void server.emit("connection", socket),
    }));
    const outcomes = await Promise.all(
      [
        { path: "/redirect" },
        { path: "/redirect", statuses: [200] },
        { path: "/big" },
        { path: "/big", contains: "ready" },
        { path: "/echo", pattern: "^POST a\\.example$", method: "POST", headers: { host: "a.example" } },
        { path: "/echo", pattern: "^GET localhost$" },
      ].map(async (probe, index) => {
        const { uuid } = await platform.createRunning({
          name: `guest-${index}`,
          service_group: { services: [{ port: await freePort(), destination_port: 80 }] },
          readiness_probe: { http: { port: 80, ...probe }, interval_ms: 10, failure_threshold: 1 },
        });
        const isDone = (item: Item) => (item["readiness"] as Item)["state"] !== "waiting";
        const { state, reason } = (await platform.waitForItem(uuid, isDone))["readiness"] as Item;
        return reason ?? state;
      }),
    );
    assert.deepEqual(outcomes, [
      "passed",
      "/redirect returned HTTP 302",
      "passed",
      "/big returned more than 1048576 bytes",
      "passed",
      "passed",
    ]);
  });

  it("that does not answer in time has failed the attempt", async () => {
    platform.guests.set("hangs", { ...webGuest("hangs"), serve: () => undefined });
    const { uuid } = await create("hangs", {
      readiness_probe: { http: HELLO, interval_ms: 10, timeout_ms: 50, failure_threshold: 1 },
    });
    const { reason } = (await waitForReadiness(uuid, "failed"))["readiness"] as Item;
    assert.equal(reason, "/hello did not respond within 50 ms");
  });

  it("can get another probe in any state, which works at once", async () => {
    platform.guests.set("gateway", slowGateway({ serveAfterMs: 0, healthyAfterMs: Infinity }));
    const { uuid } = await create("gateway");
    assert.equal((await readinessOf(uuid))?.["state"], "waiting");
    await patch(uuid, "readiness_probe", { tcp: { port: 80 }, interval_ms: 20 });
    assert.equal((await get()).text, "served");
    await patch(uuid, "readiness_probe", PROBE); // one that is ready stays so
    assert.equal((await get()).text, "served");
    assert.equal((await readinessOf(uuid))?.["state"], "passed");
    assert.deepEqual((await platform.instance(uuid))["readiness_probe"], PROBE);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    await patch(uuid, "readiness_probe");
    const item = await platform.instance(uuid);
    assert.deepEqual([item["readiness_probe"], item["readiness"], item["updates"]], [undefined, undefined, undefined]);
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    assert.equal((await get()).text, "served");
  });

  it("keeps the probe through a restart of the daemon, and opens databases without one", async () => {
    const { uuid } = await createStopped("gateway", { readiness_probe: PROBE, service_group: group() });
    const plain = await createStopped("plain");
    await platform.daemon.close();
    const database = new DatabaseSync(platform.paths.databaseFile);
    const row = database.prepare("SELECT definition FROM instances WHERE uuid = ?").get(plain.uuid);
    database.close();
    assert.doesNotMatch(String(row?.["definition"]), /readinessProbe|rotation/); // as older releases wrote it
    await platform.start();
    assert.deepEqual((await platform.instance(uuid))["readiness_probe"], PROBE);
    assert.equal((await platform.instance(plain.uuid))["readiness_probe"], undefined);
  });

  it("hands its probe to a branch in a service only", async () => {
    const { uuid } = await createStopped("gateway", { readiness_probe: PROBE, service_group: group() });
    const branch = (more: object) => platform.requestItem("POST", "/v1/instances", { branch_from: { uuid }, ...more });
    const inside = await branch({ service_group: { services: [{ port: await freePort(), destination_port: 80 }] } });
    assert.deepEqual((await platform.instance(inside.uuid))["readiness_probe"], PROBE);
    assert.equal((await platform.instance((await branch({})).uuid))["readiness_probe"], undefined);
  });

  it("is rejected without a service, or with an invalid probe", async () => {
    const messageOf = async (body: object) =>
      (await platform.api("POST", "/v1/instances", { image: "app:1", ...body })).envelope;
    const text = async (body: object) => JSON.stringify(await messageOf(body));
    assert.match(await text({ readiness_probe: PROBE }), /'readiness_probe' needs a 'service_group'/);
    const invalid = (probe: object) => text({ service_group: group(), readiness_probe: probe });
    assert.match(await invalid({ http: { ...HELLO, match: { "$.a[": 1 } } }), /is not a JSONPath query/);
    assert.match(await invalid({ http: { ...HELLO, pattern: "(" } }), /is not a regular expression/);
    const secret = await invalid({ http: { ...HELLO, headers: { "x-key": "s3cret\n" } } });
    assert.match(secret, /characters that a header cannot have/);
    assert.doesNotMatch(secret, /s3cret/);
    const { uuid } = await createStopped("alone");
    assert.match((await patch(uuid, "readiness_probe", PROBE)).message, /needs a 'service_group'/);
    const addressed = (ip?: string) => ({ network_interfaces: [{ tap_name: "outside", ip }], readiness_probe: PROBE });
    assert.match(await text(addressed()), /'readiness_probe' needs a 'service_group' or 'ip' in all/);
    const noPorts = { ...addressed("10.1.0.5/24"), readiness_probe: { interval_ms: 20 } };
    assert.match(await text(noPorts), /'readiness_probe' needs 'http' or 'tcp' without the ports/);
    const log = await fs.readFile(platform.paths.logFile, "utf8");
    assert.doesNotMatch(log, /s3cret/);
  });
});
