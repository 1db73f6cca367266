import assert from "node:assert/strict";
import * as net from "node:net";
import type { ConnectTarget } from "../../../../../provider/platform/proxy/rotation/lease";
import { Rotation } from "../../../../../provider/platform/proxy/rotation/rotation";

describe("the rotation of a service", () => {
  const rotation = (): Rotation =>
    new Rotation(
      { softLimit: 10, hardLimit: 10 },
      { onWakeNeeded: () => undefined, onRequest: () => undefined, onConnectionCount: () => undefined },
      { connectTimeoutMs: 1_000, connectionWaitMs: 5_000 },
    );
  /** A target that cannot be reached at first. */
  const failing = (times: number): ConnectTarget & { attempts: number } => ({
    attempts: 0,
    connect() {
      this.attempts += 1;
      return this.attempts <= times ? Promise.reject(new Error("refused")) : Promise.resolve(new net.Socket());
    },
  });

  it("tries a ready instance again while another one starts", async () => {
    const tested = rotation();
    const busy = failing(2);
    tested.setState("busy", "ready", busy);
    tested.setState("new", "starting");
    const lease = await tested.acquire(80, AbortSignal.timeout(3_000));
    assert.ok(lease, "it waited for the instance that starts");
    assert.equal(busy.attempts, 3);
    lease.release("finished");
  });

  it("connects to another ready instance at once if one cannot be reached", async () => {
    const tested = rotation();
    const [gone, other] = [failing(Infinity), failing(0)];
    tested.setState("gone", "ready", gone);
    tested.setState("other", "ready", other);
    const lease = await tested.acquire(80, AbortSignal.timeout(3_000));
    assert.ok(lease);
    assert.deepEqual([gone.attempts, other.attempts], [1, 1]);
    lease.release("finished");
  });

  it("connects to another ready instance if a connection has closed by the time that it is handed over", async () => {
    const tested = rotation();
    const [gone, other] = [{ connect: () => Promise.resolve(new net.Socket().destroy()) }, failing(0)];
    tested.setState("gone", "ready", gone);
    tested.setState("other", "ready", other);
    const lease = await tested.acquire(80, AbortSignal.timeout(3_000));
    assert.deepEqual([lease?.socket.destroyed, other.attempts], [false, 1]);
    lease?.release("finished");
  });
});
