/** Requests to single members, past their service: how a gateway is told to load its configuration again. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type * as net from "node:net";
import type { FakeGuest } from "../../support/fakeVmm";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

/** What a guest has received, one line for each request. */
const received: string[] = [];

/** Answers after `delayMs`, with what it got. */
const gateway =
  (name: string, delayMs = 0, status = 200, body = "reloaded") =>
  (): FakeGuest => {
    const server = http.createServer((request, response) => {
      received.push(`${name} ${request.method ?? ""} ${request.url ?? ""} ${String(request.headers["x-key"] ?? "-")}`);
      setTimeout(() => response.writeHead(status).end(body), delayMs);
    });
    return {
      serve: (socket: net.Socket) => void server.emit("connection", socket),
      onStop: { kind: "exited", exitCode: 0 },
    };
  };

describe("a request to one member", () => {
  let platform: TestPlatform;
  let group: { readonly services: readonly object[] } | { readonly name: string };
  beforeEach(async () => {
    received.length = 0;
    platform = await TestPlatform.open();
    await platform.start();
    group = { services: [{ port: await freePort(), destination_port: 80 }] };
  });
  afterEach(() => platform.close());

  const create = async (name: string, more: Record<string, unknown> = {}): Promise<Item> => {
    const created = await platform.createRunning({ name, service_group: group, ...more });
    const { name: groupName } = (await platform.instance(created.uuid))["service_group"] as Item;
    group = { name: groupName };
    return created;
  };
  const RELOAD = { port: 80, path: "/reload", method: "POST", headers: { "X-Key": "s3cret-of-the-gateway" } };
  const ask = (uuid: string, more: object = {}) =>
    platform.requestItem("PUT", "/v1/instances/request", [{ uuid, ...RELOAD, timeout_ms: 2_000, ...more }]);

  it("reaches that member alone, and returns its answer", async () => {
    for (const name of ["a", "b", "c"]) platform.guests.set(name, gateway(name));
    const [, b] = [await create("a"), await create("b"), await create("c")];
    const item = await ask(b.uuid);
    assert.deepEqual([item["http_status"], item["body"], item["problem"]], [200, "reloaded", undefined]);
    assert.deepEqual(received, ["b POST /reload s3cret-of-the-gateway"]);
    const { envelope } = await platform.api("GET", "/v1/healthz");
    assert.ok(JSON.stringify(envelope).includes('"member-requests"'), "the feature that announces it");
  });

  it("returns what was refused as an answer, and neither logs nor returns the headers", async () => {
    platform.guests.set("a", gateway("a", 0, 403, "no access"));
    const { uuid } = await create("a");
    const item = await ask(uuid);
    assert.deepEqual([item["status"], item["http_status"], item["body"]], ["success", 403, "no access"]);
    const log = await fs.readFile(platform.paths.logFile, "utf8").catch(() => "");
    assert.ok(!JSON.stringify(item).includes("s3cret") && !log.includes("s3cret"));
    const body = [{ uuid, ...RELOAD, timeout_ms: 1, headers: { "X-Key": "s3cret\nof" } }];
    const { httpStatus, envelope } = await platform.api("PUT", "/v1/instances/request", body);
    assert.equal(httpStatus, 400);
    assert.ok(!JSON.stringify(envelope).includes("s3cret"), JSON.stringify(envelope));
  });

  for (const stateful of [false, true])
    it(`wakes a sleeper (${stateful ? "memory kept" : "booted anew"}), and keeps it awake until it has answered`, async () => {
      platform.guests.set("a", gateway("a", 300));
      for (const policy of ["on", "idle"]) {
        const { uuid } = await create(policy === "on" ? "a" : "a2", {
          scale_to_zero: { policy, cooldown_time_ms: 30, stateful },
          ...(policy === "on" ? {} : { hostname: "a" }),
        });
        await platform.waitForItem(uuid, ({ state }) => state === "standby");
        const item = await ask(uuid);
        assert.deepEqual(
          [item["http_status"], item["problem"]],
          [200, undefined],
          `${policy}: ${JSON.stringify(item)}`,
        );
        await platform.waitForItem(uuid, ({ state }) => state === "standby");
      }
      assert.equal(received.length, 2);
    });

  it("says why there is no answer", async () => {
    platform.guests.set("a", gateway("a", 5_000));
    const { uuid } = await create("a");
    const problemOf = async (more: object = {}) => (await ask(uuid, more))["problem"];
    assert.equal(await problemOf({ timeout_ms: 100 }), "did not respond to /reload within 100 ms");
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    assert.equal(await problemOf(), "is stopped");
    const alone = await platform.requestItem("POST", "/v1/instances", { name: "alone", image: "app:1" });
    assert.match(String((await ask(alone.uuid))["message"]), /Instance 'alone' is in no service group/);
  });

  it("waits until a member has passed its probe", async () => {
    let isLoaded = false;
    const server = http.createServer((request, response) => {
      received.push(request.url ?? "");
      response.writeHead(isLoaded || request.url !== "/hello" ? 200 : 503).end();
    });
    platform.guests.set("a", {
      serve: (socket: net.Socket) => void server.emit("connection", socket),
      onStop: { kind: "exited", exitCode: 0 },
    });
    const { uuid } = await create("a", { readiness_probe: { http: { port: 80, path: "/hello" }, interval_ms: 20 } });
    setTimeout(() => (isLoaded = true), 200);
    assert.equal((await ask(uuid))["http_status"], 200);
    assert.equal(received.indexOf("/reload"), received.length - 1);
    assert.ok(received.filter((path) => path === "/hello").length > 2);
  });

  it("is unknown to older nodes", async () => {
    const { uuid } = await create("a");
    await platform.daemon.close();
    await platform.start({ strict2026: true });
    const body = [{ uuid, ...RELOAD, timeout_ms: 1 }];
    // The path is that of an instance, which has other methods.
    assert.equal((await platform.api("PUT", "/v1/instances/request", body)).httpStatus, 405);
  });
});
