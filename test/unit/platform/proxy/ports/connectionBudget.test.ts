import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type * as net from "node:net";
import {
  ConnectionBudget,
  connectionCountsFor,
  readFileLimit,
} from "../../../../../provider/platform/proxy/ports/connectionBudget";
import { setTransport } from "../../../../../provider/platform/proxy/resetConnection";

class FakeSocket extends EventEmitter {
  readonly localPort = 443;
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort: number;
  destroyed = false;
  constructor(remotePort: number) {
    super();
    this.remotePort = remotePort;
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}
const fake = (remotePort: number): net.Socket & FakeSocket =>
  new FakeSocket(remotePort) as unknown as net.Socket & FakeSocket;

describe("the connection budget", () => {
  const port = {};

  it("follows the limit of open files", () => {
    assert.ok(readFileLimit() > 0);
    assert.deepEqual(connectionCountsFor(1024), { open: 384, unserved: 192 });
    assert.deepEqual(connectionCountsFor(64), { open: 32, unserved: 16 });
    assert.deepEqual(connectionCountsFor(Infinity), { open: Infinity, unserved: Infinity });
  });

  it("closes the oldest connection that has not asked for anything", () => {
    const budget = new ConnectionBudget({ open: 10, unserved: 2 });
    const [first, second, third, fourth] = [fake(1), fake(2), fake(3), fake(4)];
    for (const client of [first, second]) assert.equal(budget.admit(client, port), true);
    budget.serve(first);
    assert.equal(budget.admit(third, port), true);
    assert.equal(budget.admit(fourth, port), true);
    assert.deepEqual(
      [first, second, third, fourth].map(({ destroyed }) => destroyed),
      [false, true, false, false],
    );
  });

  it("closes new connections when all are in use, until one ends", () => {
    const budget = new ConnectionBudget({ open: 2, unserved: 2 });
    const [first, second, third] = [fake(1), fake(2), fake(3)];
    for (const client of [first, second]) {
      assert.equal(budget.admit(client, port), true);
      budget.serve(client);
    }
    assert.equal(budget.admit(third, port), false);
    assert.equal(third.destroyed, true);
    first.destroy();
    assert.equal(budget.admit(fake(4), port), true);
  });

  it("knows a connection by the encrypted one over it, and closes those of one port", () => {
    const budget = new ConnectionBudget({ open: 10, unserved: 10 });
    const [served, waiting, elsewhere] = [fake(1), fake(2), fake(3)];
    budget.admit(served, port);
    budget.admit(waiting, port);
    budget.admit(elsewhere, {});
    const encrypted = fake(1);
    setTransport(encrypted, served);
    budget.serve(encrypted);
    budget.closeUnserved(port);
    assert.deepEqual([served.destroyed, waiting.destroyed, elsewhere.destroyed], [false, true, false]);
  });
});
