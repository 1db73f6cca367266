/** What clients see while the last instance of a service drains, and until another one takes its place. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { freePort } from "../../support/freePorts";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

const DRAIN_TIMEOUT_MS = 20_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A guest that answers each request with its name and keeps the connection open. */
const keepsOpen = (name: string, version = "1.1") => ({
  ...webGuest(name),
  serve: (socket: net.Socket) =>
    void socket.on("data", (chunk: Buffer) => {
      const head = `HTTP/${version} 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${name.length}\r\n\r\n`;
      if (/^GET /.test(chunk.toString())) socket.write(head + name);
    }),
});

describe("the last instance of a service that drains", () => {
  let platform: TestPlatform;
  let port: number;
  let service: string;
  const agents: http.Agent[] = [];
  const open = async (timings: Parameters<typeof TestPlatform.open>[0] = {}): Promise<void> => {
    platform = await TestPlatform.open(timings);
    await platform.start();
    port = await freePort();
    service = (await platform.requestItem("POST", "/v1/services", { services: [{ port, destination_port: 80 }] })).uuid;
  };
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await platform.close();
  });

  const running = (name: string) => {
    platform.guests.set(name, keepsOpen(name));
    return platform.createRunning({ name, service_group: { uuid: service } });
  };
  const keepAlive = () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return () => sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent);
  };
  const get = () => sendHttp(`http://127.0.0.1:${port}/`, "GET", { connection: "close" });
  const stop = (name: string, drainTimeoutMs = DRAIN_TIMEOUT_MS) =>
    platform.api("PUT", "/v1/instances/stop", [{ name, drain_timeout_ms: drainTimeoutMs }]);
  const stopped = (uuid: string) => platform.waitForItem(uuid, ({ state }) => state === "stopped");
  const remove = (uuid: string) => platform.api("DELETE", "/v1/instances", [{ uuid }]);

  it("is not held up by clients that send one request after the other, and they lose none", async () => {
    await open();
    const { uuid } = await running("old");
    let over = false;
    const seen = new Set<string>();
    const failures: unknown[] = [];
    const loop = async (request: typeof get): Promise<void> => {
      while (!over) {
        const reply = await request().catch((error: unknown) => ({ status: String(error), text: "" }));
        if (reply.status === 200) seen.add(reply.text);
        else failures.push(reply.status);
        await pause(5);
      }
    };
    const loops = [loop(keepAlive()), loop(keepAlive()), loop(get)];
    while (!seen.has("old")) await pause(2);
    const startMs = performance.now();
    await stop("old");
    const { drain } = await stopped(uuid);
    assert.ok(performance.now() - startMs < 2_000, "the drain took as long as its clients were there");
    assert.equal((drain as { cut: number }).cut, 0);
    await remove(uuid);
    await pause(150); // nothing is left of the service but its ports
    await running("new");
    while (!seen.has("new")) await pause(2);
    over = true;
    await Promise.all(loops);
    assert.deepEqual(failures, []);
  }).timeout(5_000);

  it("is not held up by a client that keeps an HTTP/1.0 connection open, such as ab -k", async () => {
    await open();
    platform.guests.set("old", keepsOpen("old", "1.0"));
    const { uuid } = await platform.createRunning({ name: "old", service_group: { uuid: service } });
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    const ask = () => socket.write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    socket.on("data", () => setTimeout(ask, 5));
    ask();
    await new Promise((resolve) => socket.once("data", resolve));
    await stop("old");
    await stopped(uuid);
    socket.destroy();
  }).timeout(2_000);

  it("is waited for again where it comes back itself, as in an update in place", async () => {
    await open();
    const { uuid } = await running("only");
    const again = keepAlive();
    await again();
    await stop("only");
    await stopped(uuid);
    const replies = [get(), again()];
    await pause(50);
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    for (const { status } of await Promise.all(replies)) assert.equal(status, 200);
  });

  it("lets new connections and open ones wait for holdTimeoutMs; then they get 503 with Retry-After, and close", async () => {
    await open({ connectionWaitMs: 150 });
    const { uuid } = await running("old");
    const again = keepAlive();
    await again();
    await stop("old", 0);
    await stopped(uuid);
    const startMs = performance.now();
    for (const { status, headers } of await Promise.all([get(), again()]))
      assert.deepEqual([status, headers["retry-after"], headers["connection"]], [503, "1", "close"]);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs > 140 && tookMs < 1_000, String(tookMs));
  });

  it("asks nobody to wait if its probe says so", async () => {
    await open();
    platform.guests.set("old", keepsOpen("old"));
    const probe = { http: { port: 80, path: "/" }, hold_timeout_ms: 0 };
    const { uuid } = await platform.createRunning({
      ...{ name: "old", service_group: { uuid: service }, readiness_probe: probe },
    });
    await stop("old");
    await stopped(uuid);
    assert.equal((await get()).status, 503);
    await remove(uuid);
    assert.equal((await get()).status, 503);
  });

  it("is not waited for once it was stopped by force, failed, or was deleted while it ran", async () => {
    await open();
    const [forced, failed, deleted] = [await running("a"), await running("b"), await running("c")];
    await platform.api("PUT", "/v1/instances/stop", [{ uuid: forced.uuid, force: true }]);
    platform.vmm.end(failed.uuid, { kind: "exited", exitCode: 1 });
    await Promise.all([stopped(forced.uuid), stopped(failed.uuid)]);
    await remove(deleted.uuid);
    assert.equal((await get()).status, 503);
  });
});
