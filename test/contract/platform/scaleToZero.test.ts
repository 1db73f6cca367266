/** Scale to zero behind connections: the policies `on` and `idle`. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { freePort } from "../../support/freePorts";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

describe("an instance that scales to zero", () => {
  let platform: TestPlatform;
  let port: number;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    port = await freePort();
  });
  afterEach(() => platform.close());

  const running = (name: string, scale_to_zero: Record<string, unknown>) =>
    platform.createRunning({ name, scale_to_zero, service_group: { services: [{ port }] } });
  const waitForStandby = (uuid: string) => platform.waitForItem(uuid, ({ state }) => state === "standby");
  const echo = { serve: (socket: net.Socket) => void socket.on("data", (chunk) => socket.write(chunk)) };

  /** A connection that has transferred data. */
  async function connected(): Promise<{ socket: net.Socket; closed: Promise<unknown> }> {
    const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("hello");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.on("data", () => undefined);
    return { socket, closed };
  }

  for (const stateful of [true, false]) {
    it(`wakes for a connection even if the machine was switched off (${stateful ? "memory kept" : "booted anew"})`, async () => {
      platform.guests.set("echo", { ...echo, onStop: { kind: "exited", exitCode: 0 } });
      const { uuid } = await running("echo", { policy: "on", stateful, cooldown_time_ms: 30 });
      const inStandby = await waitForStandby(uuid);
      assert.equal(Number(inStandby["stop_reason"]) & (32 | 4), 32 | 4); // stopped by the platform for scale to zero
      assert.ok(Date.parse(String(inStandby["stopped_at"])) >= Date.parse(String(inStandby["started_at"])));
      await platform.api("PATCH", "/v1/instances", [{ uuid, prop: "env", op: "set", value: { A: "2" } }]);
      platform.daemon.simulateKill();
      platform.vmm.end(uuid, { kind: "killed", detail: "the machine was switched off" });
      await platform.start();
      const item = await platform.instance(uuid);
      assert.equal(item["state"], "standby");
      (await connected()).socket.destroy();
      assert.equal(platform.vmm.starts.length, 2);
      const woken = await platform.waitForItem(uuid, ({ state }) => state === "running" || state === "standby");
      assert.deepEqual([woken["env"], woken["start_count"], "updates" in woken], [{ A: "2" }, 2, false]);
    });
  }

  for (const stateful of [true, false]) {
    it(`goes to standby behind an idle connection and closes it (${stateful ? "memory kept" : "booted anew"})`, async () => {
      platform.guests.set("echo", { ...echo, onStop: { kind: "exited", exitCode: 0 } });
      const { uuid } = await running("echo", { policy: "idle", stateful, cooldown_time_ms: 30 });
      const { closed } = await connected();
      await waitForStandby(uuid);
      await closed;
      const again = await connected(); // a client with more data wakes it
      assert.equal(platform.vmm.starts.length, stateful ? 1 : 2);
      again.socket.destroy();
    });
  }

  it("stays up for an idle connection with the policy 'on'", async () => {
    platform.guests.set("echo", echo);
    const { uuid } = await running("echo", { policy: "on", cooldown_time_ms: 10 });
    const { socket } = await connected();
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal((await platform.instance(uuid))["state"], "running");
    socket.destroy();
    await waitForStandby(uuid);
  });

  it("stays up as long as bytes flow with the policy 'idle'", async () => {
    platform.guests.set("echo", echo);
    const { uuid } = await running("echo", { policy: "idle", stateful: true, cooldown_time_ms: 1_000 });
    const { socket, closed } = await connected();
    for (let said = 0; said < 30; said++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.write("more");
      assert.equal((await platform.instance(uuid))["state"], "running");
    }
    await waitForStandby(uuid);
    await closed;
  });

  it("never goes to standby during an HTTP request with the policy 'idle', however slow the response", async () => {
    let finish = (): void => undefined;
    const server = http.createServer((request, response) => {
      response.writeHead(200, request.url === "/length" ? { "content-length": 8 } : {});
      response.write("1234");
      finish = () => void response.end("5678");
    });
    platform.guests.set("web", { ...webGuest("web"), serve: (socket) => void server.emit("connection", socket) });
    const { uuid } = await running("web", { policy: "idle", stateful: true, cooldown_time_ms: 10 });
    for (const path of ["/length", "/chunked"]) {
      const agent = new http.Agent({ keepAlive: true });
      const begun = new Promise((resolve) => server.once("request", resolve));
      const reply = sendHttp(`http://127.0.0.1:${port}${path}`, "GET", {}, undefined, agent);
      await begun;
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal((await platform.instance(uuid))["state"], "running", path);
      finish();
      assert.equal((await reply).text, "12345678");
      await waitForStandby(uuid); // while the client keeps its connection
      agent.destroy();
    }
  });
});
