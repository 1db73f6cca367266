import assert from "node:assert/strict";
import * as net from "node:net";
import { type ForwardSource, GuestConnector } from "../../../provider/platform/vmm/qemu/network/guestConnector";
import type { UnacceptedConnection } from "../../../provider/platform/vmm/qemu/network/newConnections";

const never = new AbortController().signal;
const options = { timeoutMs: 10_000, signal: never };

/** The servers of this process accept connections that were made before. */
const acceptance = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

/** Forwards that accept at once, as QEMU's do, to a guest that accepts when the test says so. */
class FakeForwards implements ForwardSource {
  readonly servers: net.Server[] = [];
  /** Connections by forward, in the order in which they were made. */
  readonly connections = new Map<number, net.Socket[]>();
  /** Connections that the guest has not accepted, and their forwards. */
  readonly unaccepted = new Map<net.Socket, number>();
  questions = 0;
  /** Set when the VM has exited. */
  isGone = false;
  /** What the guest does with a new connection. */
  onConnection: (hostPort: number, socket: net.Socket) => void = () => undefined;

  async add(count: number): Promise<readonly number[]> {
    return Promise.all(Array.from({ length: count }, () => this.#listen()));
  }

  isVmAlive = async (): Promise<boolean> => true;

  async findUnaccepted(): Promise<readonly UnacceptedConnection[]> {
    this.questions++;
    await acceptance();
    if (this.isGone) throw new Error("the VM is gone");
    return [...this.unaccepted].map(([socket, hostPort]) => ({ hostPort, fd: socket.remotePort ?? 0 }));
  }

  get count(): number {
    return [...this.connections.values()].flat().length;
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of [...this.connections.values()].flat()) socket.destroy();
  }

  #listen(): Promise<number> {
    return new Promise((resolve) => {
      const server = net.createServer((socket) => {
        const { port } = server.address() as net.AddressInfo;
        this.connections.set(port, [...(this.connections.get(port) ?? []), socket.on("error", () => undefined)]);
        this.onConnection(port, socket);
      });
      this.servers.push(server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port)));
    });
  }
}

describe("the connector of a guest's port", () => {
  let forwards: FakeForwards;
  let connector: GuestConnector;
  const opened: net.Socket[] = [];
  beforeEach(async () => {
    forwards = new FakeForwards();
    connector = new GuestConnector(forwards, await forwards.add(1));
  });
  afterEach(() => {
    forwards.close();
    for (const socket of opened.splice(0)) socket.destroy();
  });

  async function connect(): Promise<net.Socket> {
    const socket = await connector.connect(options);
    assert.ok(socket !== undefined);
    opened.push(socket.on("error", () => undefined));
    return socket;
  }

  it("hands over a single connection without a question", async () => {
    await connect();
    assert.equal(forwards.questions, 0);
  });

  it("asks nothing either if the guest has answered the one before", async () => {
    for (let i = 0; i < 20; i++) {
      const socket = await connect();
      const answered = new Promise((resolve) => socket.once("data", resolve));
      for (const peer of [...forwards.connections.values()].flat()) if (!peer.destroyed) peer.write("hello");
      await answered;
    }
    assert.equal(forwards.questions, 0);
    assert.equal(forwards.servers.length, 1);
  });

  it("uses each source port once, also with several forwards, since the guest cannot tell these apart", async () => {
    const sourcePorts: (number | undefined)[] = [];
    forwards.onConnection = (_hostPort, socket) => {
      sourcePorts.push(socket.remotePort);
      socket.write("hello");
    };
    for (let round = 0; round < 100; round++) {
      const sockets = await Promise.all(Array.from({ length: 10 }, connect));
      for (const socket of sockets) socket.destroy();
    }
    assert.equal(forwards.servers.length, 4);
    assert.equal(new Set(sourcePorts).size, 1_000);
  });

  it("starts four, and then one after the other while the guest answers nothing", async () => {
    const underWay: number[] = [];
    forwards.onConnection = (hostPort, socket) => {
      forwards.unaccepted.set(socket, hostPort);
      underWay.push(forwards.unaccepted.size);
      setTimeout(() => forwards.unaccepted.delete(socket), 20);
    };
    await Promise.all(Array.from({ length: 30 }, connect));
    await acceptance();
    assert.equal(forwards.count, 30);
    assert.ok(Math.max(...underWay.slice(0, 4)) <= 4);
    assert.deepEqual(underWay.slice(4), Array(26).fill(1));
    assert.equal(forwards.servers.length, 4);
  });

  it("starts four at a time while the guest answers", async () => {
    const underWay: number[] = [];
    forwards.onConnection = (hostPort, socket) => {
      forwards.unaccepted.set(socket, hostPort);
      underWay.push(forwards.unaccepted.size);
      setTimeout(() => {
        forwards.unaccepted.delete(socket);
        socket.write("hello");
      }, 20);
    };
    await Promise.all(Array.from({ length: 100 }, async () => (await connect()).resume()));
    assert.equal(Math.max(...underWay), 4);
  });

  it("repeats a connection whose SYN the guest has dropped", async () => {
    for (let i = 0; i < 4; i++) await connect();
    const dropped: net.Socket[] = [];
    forwards.onConnection = (hostPort, socket) => {
      // QEMU keeps listing a connection that was closed before the guest accepted it.
      if (dropped.length < 2) forwards.unaccepted.set(socket, hostPort);
      dropped.push(socket.resume());
    };
    const socket = await connect();
    assert.deepEqual(
      dropped.map(({ readableEnded }) => readableEnded),
      [true, true, false],
    );
    assert.equal(socket.destroyed, false);
  });

  it("gives up after the time limit if the guest accepts nothing", async () => {
    for (let i = 0; i < 4; i++) await connect();
    forwards.onConnection = (hostPort, socket) => void forwards.unaccepted.set(socket, hostPort);
    assert.equal(await connector.connect({ timeoutMs: 500, signal: never }), undefined);
  });

  it("does not let connections that hang in the guest block others", async () => {
    let count = 0;
    forwards.onConnection = (hostPort, socket) => {
      if (++count <= 4) forwards.unaccepted.set(socket, hostPort);
    };
    await Promise.all(Array.from({ length: 4 }, connect));
    const startedMs = performance.now();
    await connect();
    assert.ok(performance.now() - startedMs < 3000);
  });

  it("turns to another instance after five seconds if the guest accepts nothing at all", async () => {
    forwards.onConnection = (hostPort, socket) => void forwards.unaccepted.set(socket, hostPort);
    await Promise.all(Array.from({ length: 4 }, connect));
    const waiting = Array.from({ length: 3 }, () => connector.connect({ timeoutMs: 60_000, signal: never }));
    assert.deepEqual(await Promise.all(waiting.slice(1)), [undefined, undefined]);
    forwards.isGone = true;
    await waiting[0]?.catch(() => undefined);
  });

  it("is not confused by a connection that was given up and is still listed", async () => {
    for (let i = 0; i < 4; i++) await connect();
    const controller = new AbortController();
    let isFirst = true;
    forwards.onConnection = (hostPort, socket) => {
      if (isFirst) forwards.unaccepted.set(socket, hostPort);
      if (isFirst) setTimeout(() => controller.abort(new Error("the client has gone")), 50);
      isFirst = false;
    };
    await assert.rejects(connector.connect({ timeoutMs: 10_000, signal: controller.signal }), /the client has gone/);
    const before = forwards.count;
    await connect();
    await acceptance();
    assert.equal(forwards.count, before + 1);
  });

  it("makes do with the forwards that exist if QEMU adds no more", async () => {
    forwards.add = () => Promise.reject(new Error("no more descriptors"));
    await Promise.all(Array.from({ length: 10 }, connect));
    await acceptance();
    assert.equal(forwards.count, 10);
  });

  it("gives the turn of a client that has gone to the next one", async () => {
    forwards.onConnection = (hostPort, socket) => void forwards.unaccepted.set(socket, hostPort);
    forwards.add = () => Promise.resolve([]);
    await connect();
    const controller = new AbortController();
    const gone = connector.connect({ timeoutMs: 10_000, signal: controller.signal });
    const next = connect();
    controller.abort(new Error("the client has gone"));
    await assert.rejects(gone, /the client has gone/);
    forwards.unaccepted.clear();
    forwards.onConnection = () => undefined;
    await next;
    await acceptance();
    assert.equal(forwards.count, 2);
  });

  it("closes a connection whose client goes before the guest has accepted it", async () => {
    for (let i = 0; i < 4; i++) await connect();
    const controller = new AbortController();
    const ended = new Promise((resolve) => {
      forwards.onConnection = (hostPort, socket) => {
        forwards.unaccepted.set(socket, hostPort);
        socket.resume().once("end", resolve);
        setImmediate(() => controller.abort(new Error("the client has gone")));
      };
    });
    await assert.rejects(connector.connect({ timeoutMs: 10_000, signal: controller.signal }), /the client has gone/);
    await ended;
  });

  it("fails every connect that waits when the VM exits", async () => {
    forwards.onConnection = (hostPort, socket) => void forwards.unaccepted.set(socket, hostPort);
    const connects = Array.from({ length: 20 }, () => connector.connect({ timeoutMs: 300, signal: never }));
    forwards.isGone = true;
    const outcomes = await Promise.allSettled(connects);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
    assert.ok(reasons.length > 0);
    assert.deepEqual([...new Set(reasons)], ["Error: the VM is gone"]);
  });
});
