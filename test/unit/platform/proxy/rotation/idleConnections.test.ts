import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { IdleConnections } from "../../../../../provider/platform/proxy/rotation/idleConnections";
import type { ConnectionTraffic } from "../../../../../provider/platform/proxy/traffic";

class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    setImmediate(() => this.emit("close"));
  }
}
const connection = (guestPort = 80) => ({
  socket: new FakeSocket() as unknown as net.Socket & FakeSocket,
  traffic: {} as ConnectionTraffic,
  guestPort,
});
const nothing = (): void => undefined;

describe("idle connections", () => {
  it("are taken for their port, the last one first, and are watched no longer", () => {
    const idle = new IdleConnections();
    const [first, second, other] = [connection(), connection(), connection(81)];
    for (const one of [first, second, other]) idle.put(one, nothing);
    assert.equal(idle.take(80, Infinity), second);
    assert.equal(second.socket.listenerCount("data"), 0);
    assert.equal(idle.take(80, Infinity), first);
    assert.equal(idle.take(80, Infinity), undefined);
  });

  it("are not taken once they are closed, or idle for too long", async () => {
    const idle = new IdleConnections();
    const [old, closed] = [connection(), connection()];
    idle.put(old, nothing);
    await sleep(10);
    idle.put(closed, nothing);
    closed.socket.destroy();
    assert.equal(idle.take(80, 5), undefined);
    assert.equal(idle.take(80, Infinity), old);
  });

  it("are closed each after its time, or when the instance sends something", async () => {
    const idle = new IdleConnections(100);
    const ends: string[] = [];
    const [first, second, third] = [connection(), connection(), connection()];
    const beganMs = performance.now();
    const put = (one: typeof first, name: string): void =>
      idle.put(one, () => void ends.push(`${name} ${Math.round((performance.now() - beganMs) / 100)}`));
    put(first, "first");
    put(third, "third");
    await sleep(100 - (performance.now() - beganMs) / 2);
    third.socket.emit("data", Buffer.from("x"));
    assert.equal(third.socket.destroyed, true);
    put(second, "second");
    while (ends.length < 3) await sleep(5);
    assert.deepEqual(
      ends.sort().map((end) => end.split(" ")[0]),
      ["first", "second", "third"],
    );
    assert.equal(second.socket.destroyed, true);
    assert.ok(performance.now() - beganMs >= 190);
  });
});
