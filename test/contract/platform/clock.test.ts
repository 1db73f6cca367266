/** A guest that wakes has the right clock before it gets a client's first byte. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestClockState } from "../../../provider/platform/vmm/vmm";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

const CLOCK_MS = 150;

describe("the clock of a guest that wakes", () => {
  let platform: TestPlatform;
  let events: string[];
  let state: GuestClockState;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    events = [];
    state = "right";
    platform.guests.set("web", {
      clock: async () => {
        events.push("resumed");
        await delay(CLOCK_MS);
        events.push("clock");
        return state;
      },
      serve: (socket) => {
        events.push("connection");
        socket.on("data", () => {
          events.push("bytes");
          socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
        });
      },
    });
  });
  afterEach(() => platform.close());

  /** What a client gets that sends its request at once. */
  function ask(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      const socket = net.connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
      socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      socket.once("error", reject).once("close", () => resolve(text));
    });
  }

  async function asleep(): Promise<{ uuid: string; port: number }> {
    const port = await freePort();
    const { uuid } = await platform.createRunning({
      name: "web",
      scale_to_zero: { policy: "on", stateful: true, cooldown_time_ms: 20 },
      service_group: { services: [{ port }] },
    });
    await platform.waitForItem(uuid, (item) => item["state"] === "standby");
    events.length = 0;
    return { uuid, port };
  }

  it("is set, once for all clients, before a byte reaches it", async () => {
    const { port } = await asleep();
    const answers = await Promise.all([ask(port), ask(port), ask(port)]);
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200[\s\S]*ok$/);
    assert.deepEqual(events.slice(0, 3), ["resumed", "clock", "connection"]);
    assert.equal(events.filter((event) => event === "clock").length, 1);
    assert.equal(events.filter((event) => event === "bytes").length, 3);
    assert.doesNotMatch(await fs.readFile(platform.paths.logFile, "utf8"), /clock-not-set/);
  });

  it("holds no client up for ever, and its log says once per wake that it was not set", async () => {
    const { uuid, port } = await asleep();
    state = "behind";
    assert.match(await ask(port), /^HTTP\/1\.1 200/);
    const log = await fs.readFile(platform.paths.logFile, "utf8");
    assert.equal(log.match(/"instance\.clock-not-set"/g)?.length, 1);
    assert.match(log, new RegExp(`clock-not-set[^\\n]*${uuid}`));
  });
});
