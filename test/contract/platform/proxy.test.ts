/** Connections through published ports: held, balanced, drained, moved. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { ANY_NAME, newServiceProxy } from "../../support/publishing";
import { freePort } from "../../support/freePorts";
import { isListening } from "../../support/localPlatform";
import { sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

/** Connects and collects what arrives. */
async function connect(
  port: number,
): Promise<{ socket: net.Socket; text: () => string; closed: Promise<void>; said: (text: string) => Promise<void> }> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  await new Promise((resolve) => socket.once("connect", resolve));
  const said = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { socket, text: () => text, closed, said };
}

describe("a published port", () => {
  let platform: TestPlatform;
  let port: number;
  let service: string;

  async function open(
    limits: Record<string, number> = {},
    timings: Parameters<typeof TestPlatform.open>[0] = {},
  ): Promise<void> {
    platform = await TestPlatform.open(timings);
    await platform.start();
    port = await freePort();
    service = (
      await platform.requestItem("POST", "/v1/services", { services: [{ port, destination_port: 80 }], ...limits })
    ).uuid;
  }
  afterEach(() => platform.close());

  const running = (name: string) => platform.createRunning({ name, service_group: { uuid: service } });
  const get = (agent?: http.Agent) =>
    sendHttp(`http://127.0.0.1:${port}/`, "GET", agent === undefined ? { connection: "close" } : {}, undefined, agent);
  const stop = (name: string, drainTimeoutMs: number) =>
    platform.api("PUT", "/v1/instances/stop", [{ name, drain_timeout_ms: drainTimeoutMs }]);

  it("rejects connections while nothing can serve them", async () => {
    await open();
    assert.equal((await get()).status, 503);
    await platform.requestItem("POST", "/v1/instances", {
      name: "off",
      image: "app:1",
      service_group: { uuid: service },
    });
    assert.equal((await get()).status, 503);
  });

  it("forwards to the guest's port", async () => {
    await open();
    const ports: number[] = [];
    platform.guests.set("web", {
      ...webGuest("web"),
      serve: (socket, guestPort) => (ports.push(guestPort), socket.end("hi")),
    });
    await running("web");
    const client = await connect(port);
    await client.closed;
    assert.equal(client.text(), "hi");
    assert.deepEqual(ports, [80]);
  });

  it("holds connections until a starting instance is ready, and forwards none before", async () => {
    await open();
    let served = 0;
    const web = webGuest("slow");
    platform.guests.set("slow", {
      ...web,
      bootMs: 40,
      listenMs: 60,
      serve: (socket, guestPort) => (served++, web.serve?.(socket, guestPort)),
    });
    await platform.requestItem("POST", "/v1/instances", {
      name: "slow",
      image: "app:1",
      autostart: true,
      service_group: { uuid: service },
    });
    const replies = await Promise.all(Array.from({ length: 50 }, () => get()));
    assert.ok(replies.every(({ status, text }) => status === 200 && text === "slow"));
    assert.equal(served, 50);
    const { items } = await platform.api("GET", "/v1/instances?name=slow");
    // Boot and listen; each of the two timers may fire a millisecond early.
    assert.ok(Number(items[0]?.["net_time_us"]) >= 98_000, String(items[0]?.["net_time_us"]));
  });

  it("stops holding a connection after the limit", async () => {
    await open({}, { connectionWaitMs: 50 });
    platform.guests.set("mute", { bootMs: 60_000 });
    await platform.requestItem("POST", "/v1/instances", {
      name: "mute",
      image: "app:1",
      autostart: true,
      service_group: { uuid: service },
    });
    assert.equal((await get()).status, 503);
  });

  it("spreads connections over the instances, the least busy first", async () => {
    await open();
    await Promise.all([running("a"), running("b")]);
    const agents = Array.from({ length: 4 }, () => new http.Agent({ keepAlive: true }));
    const texts: string[] = [];
    for (const agent of agents) texts.push((await get(agent)).text); // each keeps its connection
    for (const agent of agents) agent.destroy();
    assert.deepEqual(texts.sort(), ["a", "a", "b", "b"]);
  });

  it("rejects connections above the hard limit of every instance", async () => {
    await open({ hard_limit: 1 });
    await running("a");
    const agent = new http.Agent({ keepAlive: true });
    await get(agent);
    assert.equal((await get()).status, 429);
    agent.destroy();
  });

  it("forwards megabytes and a half-closed connection in both directions", async () => {
    await open();
    platform.guests.set("sum", {
      ...webGuest("sum"),
      serve: (socket) => {
        socket.allowHalfOpen = true;
        let length = 0;
        socket.on("data", (chunk: Buffer) => (length += chunk.length));
        socket.on("end", () => socket.end(`${length};${"x".repeat(5_000_000)}`));
      },
    });
    await running("sum");
    const client = await connect(port);
    client.socket.end(Buffer.alloc(8_000_000));
    await client.closed;
    assert.ok(client.text().startsWith("8000000;"));
    assert.equal(client.text().length, 5_000_008);
  });

  it("tries another instance if the first cannot be reached", async () => {
    await open();
    const a = await running("a");
    await running("b");
    // Its VM vanishes; whether or not the platform knows it yet, no client may notice.
    platform.vmm.end(a.uuid, { kind: "killed", detail: "gone" });
    const replies = await Promise.all(Array.from({ length: 10 }, () => get()));
    assert.ok(replies.every(({ text }) => text === "b"));
  });

  it("loses no request of clients in a loop while instances are replaced", async () => {
    await open();
    await running("old-0");
    const failures: unknown[] = [];
    let over = false;
    const seen = new Set<string>();
    const loop = async (agent?: http.Agent): Promise<void> => {
      while (!over) {
        try {
          const { status, text } = await get(agent);
          assert.equal(status, 200);
          seen.add(text);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const agents = [
      new http.Agent({ keepAlive: true, maxSockets: 1 }),
      new http.Agent({ keepAlive: true, maxSockets: 1 }),
    ];
    const loops = [loop(), loop(), ...agents.map((agent) => loop(agent))];
    for (let round = 1; round <= 5; round++) {
      await running(`old-${round}`);
      await stop(`old-${round - 1}`, 30_000);
      await platform.api("GET", `/v1/instances/wait?name=old-${round - 1}&state=stopped&timeout_s=20`);
      await platform.api("DELETE", "/v1/instances", [{ name: `old-${round - 1}` }]);
    }
    over = true;
    await Promise.all(loops);
    for (const agent of agents) agent.destroy();
    assert.deepEqual(failures, []);
    assert.equal(seen.has("old-0") && seen.has("old-5"), true);
  });

  it("lets a draining instance finish its requests, then closes idle connections of other protocols", async () => {
    await open();
    let finish: () => void = () => undefined;
    platform.guests.set("a", {
      ...webGuest("a"),
      serve: (socket) => void socket.on("data", () => (finish = () => void socket.write("done"))),
    });
    const a = await running("a");
    const busy = await connect(port);
    busy.socket.write("long work");
    while (String(finish) === String(() => undefined)) await new Promise((resolve) => setTimeout(resolve, 2));
    await stop("a", 30_000);
    assert.equal((await platform.instance(a.uuid))["state"], "draining");
    finish();
    await busy.closed;
    assert.equal(busy.text(), "done");
    const item = await platform.waitForItem(a.uuid, ({ state }) => state === "stopped");
    assert.equal(item["stop_reason"], 15);
  });

  for (const framing of [
    "Content-Length: 6\r\n\r\nabc|def",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n|3\r\ndef\r\n0\r\n\r\n",
  ]) {
    it(`lets a draining instance finish a response with pauses in it (${framing.split(":")[0]})`, async () => {
      await open({}, { drainIdleMs: 20 });
      const [first = "", second = ""] = framing.split("|");
      let finish = (): void => undefined;
      platform.guests.set("slow", {
        ...webGuest("slow"),
        serve: (socket) =>
          void socket.once("data", () => {
            socket.write(`HTTP/1.1 200 OK\r\n${first}`);
            finish = () => void socket.write(second);
          }),
      });
      const { uuid } = await running("slow");
      const client = await connect(port);
      client.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await client.said("abc");
      await stop("slow", 10_000);
      await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 100))]);
      finish();
      await platform.waitForItem(uuid, ({ state }) => state === "stopped"); // the connection is idle now
      assert.match(client.text(), /def(\r\n0\r\n\r\n)?$/);
      client.socket.destroy();
    });
  }

  it("closes a connection that outlasts the drain timeout or a forced stop", async () => {
    await open();
    for (const [name, how] of [
      ["a", "timeout"],
      ["b", "force"],
    ] as const) {
      platform.guests.set(name, { ...webGuest(name), serve: (socket) => void socket.on("data", () => undefined) });
      const { uuid } = await running(name);
      const stuck = await connect(port);
      stuck.socket.write("hello");
      while ((await platform.instance(uuid))["state"] !== "running")
        await new Promise((resolve) => setTimeout(resolve, 2));
      await stop(name, how === "timeout" ? 50 : 60_000);
      if (how === "force") await platform.api("PUT", "/v1/instances/stop", [{ name, force: true }]);
      await stuck.closed;
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
    }
  });

  it("follows a change of its destination port", async () => {
    await open();
    const ports: number[] = [];
    platform.guests.set("web", {
      ...webGuest("web"),
      serve: (socket, guestPort) => (ports.push(guestPort), socket.end()),
    });
    await running("web");
    await platform.api("PATCH", "/v1/services", [
      { uuid: service, prop: "services", op: "set", value: [{ port, destination_port: 90 }] },
    ]);
    await (
      await connect(port)
    ).closed;
    assert.deepEqual(ports, [90]);
  });

  describe("after the daemon is killed", () => {
    it("serves again from the same VMs without restarting any", async () => {
      await open();
      const [a, b] = [await running("a"), await running("b")];
      platform.daemon.simulateKill();
      await assert.rejects(get());
      await platform.start();
      const replies = await Promise.all(Array.from({ length: 8 }, () => get()));
      assert.ok(replies.every(({ status }) => status === 200));
      assert.equal(platform.vmm.starts.length, 2);
      for (const { uuid } of [a, b]) {
        const item = await platform.instance(uuid);
        assert.deepEqual([item["state"], item["start_count"]], ["running", 1]);
      }
    });

    it("reports why VMs ended meanwhile and applies the restart policy", async () => {
      await open();
      const [a, b] = [await running("a"), await platform.createRunning({ name: "b", restart_policy: "on-failure" })];
      platform.daemon.simulateKill();
      platform.vmm.end(a.uuid, { kind: "exited", exitCode: 7 });
      platform.vmm.end(b.uuid, { kind: "panicked", detail: "Oops" });
      await platform.start();
      const item = await platform.instance(a.uuid);
      assert.deepEqual([item["state"], item["stop_reason"], item["exit_code"]], ["stopped", 3, 7]);
      const back = await platform.waitForItem(b.uuid, ({ state }) => state === "running");
      assert.equal(back["restart_count"], 1);
    });

    it("completes an unfinished stop and delete", async () => {
      await open();
      platform.guests.set("a", { ...webGuest("a"), serve: () => undefined });
      const a = await running("a");
      const held = await connect(port);
      held.socket.write("x");
      await stop("a", 60_000);
      platform.daemon.simulateKill();
      await platform.start();
      const item = await platform.waitForItem(a.uuid, ({ state }) => state === "stopped");
      assert.equal(item["stop_reason"], 15);
      held.socket.destroy();
    });
  });
});

describe("the ports of a deleted service", () => {
  it("stay closed even if they were about to open", async () => {
    const proxy = newServiceProxy();
    const port = await freePort();
    const publishing = proxy.publish([{ port, destinationPort: 80, isHttp: true, mode: "plain" }], ANY_NAME);
    proxy.close();
    await assert.rejects(publishing, /^Error: The service group was deleted while its ports were being opened$/);
    assert.equal(await isListening(port), false);
  });
});
