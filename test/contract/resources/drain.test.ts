/** What a drain through the client tells of its connections: on the local platform, and on one without its extensions. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { systemClock } from "../../../provider/base/clock";
import { createClient, onlyItem } from "../../../provider/client/client";
import { type DrainCounts, describeDrain } from "../../../provider/rollout/members/drainCounts";
import { drainAndDelete } from "../../../provider/rollout/members/instances";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

/** Ends a connection on `BYE`, and otherwise never. */
const guest = {
  ...webGuest("web"),
  serve: (socket: net.Socket) => {
    socket.allowHalfOpen = true;
    socket.on("data", (chunk: Buffer) => (chunk.toString() === "BYE" ? socket.end() : socket.write("more?")));
  },
};

/** Connects and waits for the guest's first bytes. */
async function converse(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
  socket.write("HELLO");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.resume().write("AND"); // the client has the last word, so the connection is not idle
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

describe("a drained member", () => {
  let platform: TestPlatform;
  afterEach(() => platform.close());

  /** Drains an instance with a connection that finishes 100 ms later, and one that never does. */
  async function drain(
    strict2026: boolean,
    options: { halfClosedTimeoutMs?: number },
  ): Promise<DrainCounts | undefined> {
    platform = await TestPlatform.open({ drainIdleMs: 60_000 });
    await platform.start({ strict2026 });
    platform.guests.set("web", guest);
    const port = await freePort();
    const services = [{ port, destination_port: 80 }];
    const { uuid } = await platform.createRunning({ name: "web", service_group: { services } });
    const [finishing, staying] = [await converse(port), await converse(port)];
    if (options.halfClosedTimeoutMs !== undefined) staying.end();
    setTimeout(() => finishing.end("BYE"), 100);
    const { url, token } = platform.daemon;
    const client = createClient({ metro: "test", endpoint: () => Promise.resolve({ url, token }) });
    const context = { client, clock: systemClock, signal: undefined };
    const item = onlyItem(await client.getInstances({ query: { uuid: [uuid] } }), "Reading it");
    const counts = await drainAndDelete(context, item, { drainTimeoutMs: 2_500, timeoutMs: 10_000, ...options });
    assert.equal((await platform.instance(uuid))["error"], 8);
    return counts;
  }

  it("reports the connections that finished and those that were cut", async () => {
    const counts = await drain(false, {});
    assert.equal(counts && describeDrain(counts), "1 connection finished, 1 still open after 2.5 s and closed");
  });

  it("reports the half-closed ones that it gave up, before the drain timeout", async () => {
    const counts = await drain(false, { halfClosedTimeoutMs: 300 });
    assert.equal(counts && describeDrain(counts), "1 connection finished, 1 half-closed and given up");
    assert.ok((counts?.elapsedMs ?? Infinity) < 2_000, String(counts?.elapsedMs));
  });

  it("derives the same from metrics where the metro does not report it", async () => {
    const counts = await drain(true, {});
    assert.deepEqual([counts?.finished, counts?.cut, counts?.isSampled], [1, 1, true]);
  });

  it("says nothing where there is nothing to drain", async () => {
    platform = await TestPlatform.open();
    await platform.start({ strict2026: true });
    const { uuid } = await platform.createRunning({ name: "alone" });
    const { url, token } = platform.daemon;
    const client = createClient({ metro: "test", endpoint: () => Promise.resolve({ url, token }) });
    const context = { client, clock: systemClock, signal: undefined };
    assert.equal(await drainAndDelete(context, { uuid }, { drainTimeoutMs: 500, timeoutMs: 10_000 }), undefined);
  });
});
