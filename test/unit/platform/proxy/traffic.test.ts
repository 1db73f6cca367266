import assert from "node:assert/strict";
import type * as net from "node:net";
import { ConnectionTraffic, NO_TRAFFIC, InstanceTraffic } from "../../../../provider/platform/proxy/traffic";

/** A socket of which only the counters are read. */
const socket = (bytesWritten: number, bytesRead: number) => ({ bytesWritten, bytesRead }) as net.Socket;
const flowOf = (bytesWritten: number, bytesRead: number, onRequest = () => undefined as void): ConnectionTraffic =>
  new ConnectionTraffic(socket(bytesWritten, bytesRead), onRequest);

describe("the traffic of an instance", () => {
  it("is zero at first, and an instance without connections is idle for ever", () => {
    const traffic = new InstanceTraffic();
    assert.deepEqual(traffic.counts, NO_TRAFFIC);
    assert.equal(traffic.idleMs, Infinity);
  });

  it("counts each connection and each further HTTP request once", () => {
    const traffic = new InstanceTraffic();
    const [raw, http] = [flowOf(3, 4), flowOf(10, 20)];
    traffic.addConnection(raw);
    traffic.addConnection(http);
    for (let request = 0; request < 3; request++) http.recordRequest();
    assert.deepEqual(traffic.counts, { ...NO_TRAFFIC, rxBytes: 13, txBytes: 24, connections: 1, total: 4 });
  });

  it("has a request in flight from its start until everything has moved", () => {
    const [traffic, http] = [new InstanceTraffic(), flowOf(1461, 20)];
    traffic.addConnection(http);
    http.startRequest();
    assert.equal(traffic.counts.requests, 1);
    assert.equal(traffic.idleMs, 0);
    http.recordMoved(false);
    assert.equal(traffic.counts.requests, 0);
    assert.deepEqual(http.packets, { rx: 2, tx: 1 });
  });

  it("reports each connection and each further request", () => {
    let reports = 0;
    const flow = flowOf(0, 0, () => void reports++);
    assert.equal(reports, 1);
    for (let request = 0; request < 3; request++) flow.recordRequest();
    assert.deepEqual([reports, flow.total], [3, 3]);
  });

  it("keeps the totals of closed connections, each counted once", () => {
    const traffic = new InstanceTraffic();
    const flow = flowOf(3, 4);
    traffic.addConnection(flow);
    traffic.removeConnection(flow);
    traffic.removeConnection(flow);
    assert.deepEqual(traffic.counts, { ...NO_TRAFFIC, rxBytes: 3, txBytes: 4, total: 1 });
  });

  it("counts a packet for each piece, and for each 1460 bytes of it", () => {
    const traffic = new InstanceTraffic();
    const flow = flowOf(0, 0);
    traffic.addConnection(flow);
    for (const bytes of [1, 1460, 1461]) flow.recordBytes("rx", bytes, false);
    flow.recordBytes("tx", 100_000, false);
    for (const counts of [traffic.counts, (traffic.removeConnection(flow), traffic.counts)])
      assert.deepEqual([counts.rxPackets, counts.txPackets], [4, 69]);
  });

  it("is not idle while a request is in flight", async () => {
    const traffic = new InstanceTraffic();
    const flow = flowOf(0, 0);
    traffic.addConnection(flow);
    flow.recordBytes("rx", 1, true);
    await new Promise((resolve) => setTimeout(resolve, 3));
    assert.equal(traffic.idleMs, 0);
    assert.equal(traffic.counts.requests, 1);
    flow.recordBytes("tx", 1, false);
    while (traffic.idleMs <= 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(traffic.idleMs < 1000);
  });
});
