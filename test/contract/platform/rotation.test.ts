/** Members that are out of rotation, and connections for which none is ready. */
import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as tls from "node:tls";
import { freePort } from "../../support/freePorts";
import { slowGateway } from "../../support/slowGateway";
import { type Item, sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

describe("the rotation of a service", () => {
  let platform: TestPlatform;
  let port: number;
  let service: Item;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
    service = await platform.requestItem("POST", "/v1/services", { services: [{ port, destination_port: 80 }] });
  });
  afterEach(() => platform.close());

  const member = (name: string, more: Record<string, unknown> = {}) =>
    platform.createRunning({ name, service_group: { uuid: service.uuid }, ...more });
  const get = (agent = new http.Agent()) => sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent);
  const set = (uuid: string, prop: string, value: unknown) => ({ uuid, prop, op: "set", value });
  const patch = (...changes: readonly object[]) => platform.api("PATCH", "/v1/instances", changes);
  const out = { rotation: "out" };
  const PROBE = { http: { port: 80, path: "/hello", match: { "$.status": "pass" } }, interval_ms: 20 };

  it("never picks a member that is out, which is probed and shown as ready all the same", async () => {
    const inside = await member("in");
    const { uuid } = await member("out", { ...out, readiness_probe: { tcp: { port: 80 } } });
    const ready = await platform.waitForItem(uuid, ({ readiness }) => (readiness as Item)["state"] === "passed");
    assert.deepEqual([ready["state"], ready["rotation"]], ["running", "out"]);
    assert.equal((await platform.instance(inside.uuid))["rotation"], "in");
    const responses = await Promise.all(Array.from({ length: 20 }, () => get()));
    assert.deepEqual(new Set(responses.map(({ text }) => text)), new Set(["in"]));
    await patch(set(uuid, "rotation", "in"), set(inside.uuid, "rotation", "out"));
    assert.equal((await get()).text, "out");
  });

  it("wakes no sleeper that is out, and refuses connections if there is nobody else", async () => {
    const { uuid } = await member("out", { ...out, scale_to_zero: { policy: "on", cooldown_time_ms: 10 } });
    await platform.waitForItem(uuid, ({ state }) => state === "standby");
    assert.equal((await get()).status, 503);
    assert.equal((await platform.instance(uuid))["state"], "standby");
    await patch(set(uuid, "rotation", "in"));
    assert.equal((await get()).text, "out");
  });

  it("survives a restart of the daemon, and is not inherited by copies", async () => {
    const { uuid } = await member("out", out);
    await platform.daemon.close();
    await platform.start();
    assert.equal((await platform.instance(uuid))["rotation"], "out");
    assert.equal((await get()).status, 503);
    await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
    await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    const copy = { branch_from: { uuid }, service_group: { uuid: service.uuid } };
    const { uuid: branch } = await platform.requestItem("POST", "/v1/instances", copy);
    assert.equal((await platform.instance(branch))["rotation"], "in");
  });

  it("is rejected without a service", async () => {
    const message = async (body: object) =>
      (await platform.requestItem("POST", "/v1/instances", { image: "app:1", ...body })).message;
    assert.match(await message(out), /^'rotation' needs a 'service_group'/);
    const { uuid } = await platform.requestItem("POST", "/v1/instances", { image: "app:1" });
    assert.match((await patch(set(uuid, "rotation", "out"))).items[0]?.message ?? "", /'rotation' needs/);
    assert.equal((await platform.instance(uuid))["rotation"], undefined);
    assert.match(
      (await patch({ uuid, prop: "rotation", op: "set", value: "no" })).items[0]?.message ?? "",
      /Invalid value/,
    );
  });

  it("switches from one set to another in one request without a gap, in either order", async () => {
    const [a, b] = [await member("a"), await member("b")];
    const [c, d] = [await member("c", out), await member("d", out)];
    const failures: unknown[] = [];
    const seen = new Set<string>();
    let isDone = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!isDone) {
        const { status, text } = await get().catch((error: unknown) => ({ status: 0, text: String(error) }));
        if (status !== 200) failures.push(text);
        seen.add(text);
      }
    });
    for (let round = 0; round < 15; round++) {
      const [old, next] = round % 2 === 0 ? [[a, b], [c, d]] : [[c, d], [a, b]]; // prettier-ignore
      const changes = [
        ...old.map(({ uuid }) => set(uuid, "rotation", "out")),
        set(a.uuid, "image", "app:1"), // reads files, so that connections come in between
        ...next.map(({ uuid }) => set(uuid, "rotation", "in")),
      ];
      const { items } = await patch(...(round % 3 === 0 ? changes : changes.toReversed()));
      assert.deepEqual(
        items.map(({ status }) => status),
        ["success", "success", "success", "success", "success"],
      );
      const answered = await Promise.all(Array.from({ length: 4 }, () => get()));
      const names = next.map(({ name }) => name);
      for (const { text } of answered) assert.ok(names.includes(text), `${text} after the switch to ${names.join()}`);
    }
    isDone = true;
    await Promise.all(load);
    assert.deepEqual(failures, []);
    assert.deepEqual([...seen].sort(), ["a", "b", "c", "d"]);
  });

  it("lets open connections of a withdrawn member finish, and moves HTTP connections on", async () => {
    const finish: (() => void)[] = [];
    const slow = http.createServer((_request, response) => {
      response.write("ol");
      finish.push(() => response.end("d"));
    });
    platform.guests.set("old", { ...webGuest("old"), serve: (socket) => void slow.emit("connection", socket) });
    const old = await member("old");
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const begun = new Promise((resolve) => slow.once("request", resolve));
    const first = get(agent);
    await begun;
    const next = await member("new", out);
    await patch(set(next.uuid, "rotation", "in"), set(old.uuid, "rotation", "out"));
    finish.forEach((end) => end());
    assert.equal((await first).text, "old");
    const moved = await get(agent);
    assert.deepEqual([moved.text, Object.values(agent.freeSockets).flat().length], ["new", 1]);
    agent.destroy();
    assert.equal((await platform.instance(old.uuid))["state"], "running");
  });

  describe("with no member ready", () => {
    const holding = (holdMs: number) => ({ readiness_probe: { ...PROBE, hold_timeout_ms: holdMs } });
    const timed = async <T>(act: () => Promise<T>): Promise<readonly [T, number]> => {
      const begin = performance.now();
      return [await act(), performance.now() - begin];
    };
    beforeEach(() => platform.setDefaultGuest(slowGateway({ serveAfterMs: 0, healthyAfterMs: Infinity })));

    it("holds HTTP clients as long as the most patient member in rotation asks, then responds with 503", async () => {
      await member("a", holding(100));
      await member("b", holding(400));
      await member("c", { ...holding(60_000), ...out });
      const [response, ms] = await timed(get);
      assert.deepEqual([response.status, response.headers["retry-after"]], [503, "1"]);
      assert.ok(ms >= 400 && ms < 10_000, `${ms} ms`);
      const post = await sendHttp(`http://127.0.0.1:${port}/`, "POST", {}, "x".repeat(300_000));
      assert.equal(post.status, 503);
      const head = await sendHttp(`http://127.0.0.1:${port}/`, "HEAD", {});
      assert.deepEqual([head.status, head.text], [503, ""]);
    });

    it("resets connections of clients that do not speak HTTP", async () => {
      await member("a", holding(50));
      for (const said of ["*1\r\n$4\r\nPING\r\n", ""]) {
        const socket = net.connect(port, "127.0.0.1");
        if (said !== "") socket.write(said);
        const [ended] = (await once(socket.resume(), "error")) as [NodeJS.ErrnoException];
        assert.deepEqual([ended.code, socket.bytesRead], ["ECONNRESET", 0]);
      }
    });

    it("responds to a client that begins its request late, too", async () => {
      await member("a", holding(50));
      const socket = net.connect(port, "127.0.0.1");
      await sleep(400);
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const [reply] = (await once(socket, "data")) as [Buffer];
      assert.match(reply.toString(), /^HTTP\/1\.1 503 /);
      socket.destroy();
    });

    it("responds over TLS, too", async () => {
      const tlsPort = await freePort();
      const secure = { services: [{ port: tlsPort, destination_port: 80, handlers: ["tls"] }] };
      await platform.createRunning({ name: "a", service_group: secure, ...holding(50) });
      const socket = tls.connect({ port: tlsPort, host: "127.0.0.1", rejectUnauthorized: false });
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      let reply = "";
      socket.on("data", (chunk: Buffer) => (reply += chunk.toString()));
      await new Promise((resolve) => socket.once("close", resolve));
      assert.match(reply, /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/i);
    });

    describe("for a client whose connection has left one that is withdrawn", () => {
      let client: net.Socket;
      let reply: string;
      afterEach(() => client.destroy());

      /** The reply to a request on the one connection. */
      const ask = async (request: string): Promise<string> => {
        reply = "";
        client.write(request);
        while (!client.closed && !/^HTTP[^]*\r\n\r\n[^]/.test(reply)) await sleep(2);
        return reply;
      };
      const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
      /** Serves one request, and then leaves the connection without a member: another one was ready for a moment. */
      const leave = async (): Promise<void> => {
        for (const name of ["old", "next"]) platform.guests.set(name, webGuest(name));
        const [old, next] = [await member("old"), await member("next", out)];
        client = net.connect(port, "127.0.0.1").on("data", (chunk: Buffer) => (reply += chunk.toString()));
        assert.match(await ask(GET), /old$/);
        await patch(set(next.uuid, "rotation", "in"), set(old.uuid, "rotation", "out"));
        await patch(set(next.uuid, "rotation", "out"));
      };

      it("responds with 503 if none can become ready", async () => {
        await leave();
        assert.match(await ask(GET), /^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/i);
      });

      it("responds with 503 to a request with a body, after the hold timeout", async () => {
        await leave();
        await member("slow", holding(300));
        const body = "x".repeat(300_000);
        const request = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        const [response, ms] = await timed(() => ask(request));
        assert.match(response, /^HTTP\/1\.1 503 /);
        assert.ok(ms >= 300 && ms < 10_000, `${ms} ms`);
      });

      it("waits for one that becomes ready in time", async () => {
        await leave();
        platform.guests.set("late", { ...webGuest("late"), listenMs: 300 });
        await platform.requestItem("POST", "/v1/instances", {
          ...{ name: "late", image: "app:1", autostart: true, service_group: { uuid: service.uuid } },
        });
        assert.match(await ask(GET), /late$/);
      });
    });

    it("responds once no successor of a stopped member is expected any more", async () => {
      const { uuid } = await member("a", holding(60_000));
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      const [{ status, headers }, ms] = await timed(get);
      assert.deepEqual([status, headers["retry-after"]], [503, "1"]);
      assert.ok(ms < 20_000, `${ms} ms`);
    });
  });
});
