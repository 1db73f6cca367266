/** Counts the traffic between the proxy and instances. */
import type * as net from "node:net";

/** Counters of one instance, since the daemon started. */
export interface TrafficCounts {
  /** Bytes sent to the instance. */
  readonly rxBytes: number;
  /** Bytes received from the instance. */
  readonly txBytes: number;
  /** Packets sent to the instance, and received from it; see {@link packetsOf}. */
  readonly rxPackets: number;
  readonly txPackets: number;
  /** Open connections on which no HTTP request was recognised. */
  readonly connections: number;
  /** HTTP requests in flight: without a response, or with an unfinished one. */
  readonly requests: number;
  /** Connections, plus the second and later requests of HTTP connections. */
  readonly total: number;
}

/** The counters of an instance without traffic. */
export const NO_TRAFFIC: TrafficCounts = {
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  connections: 0,
  requests: 0,
  total: 0,
};

/** Largest payload of a TCP segment over Ethernet. Source: RFC 6691, for an MTU of 1500 bytes. */
const SEGMENT_BYTES = 1460;

/** Packets that a piece of a byte stream takes at least. The proxy sees the stream only: neither handshakes nor acknowledgements count. */
const packetsOf = (bytes: number): number => Math.ceil(bytes / SEGMENT_BYTES);

/** Traffic of one connection to an instance. */
export class ConnectionTraffic {
  readonly socket: net.Socket;
  readonly #onRequest: () => void;
  #requests = 0;
  #inFlight = false;
  #movedAt = performance.now();
  /** What {@link recordMoved} has seen of the socket's counters. */
  readonly #seen = { bytesRead: 0, bytesWritten: 0 };
  /** Packets to (`rx`) and from (`tx`) the instance. */
  readonly packets = { rx: 0, tx: 0 };

  /** @param onRequest called whenever `total` increases, also for the connection itself */
  constructor(socket: net.Socket, onRequest: () => void) {
    this.socket = socket;
    this.#onRequest = onRequest;
    onRequest();
  }

  /** True once an HTTP request was recognised. */
  get isHttp(): boolean {
    return this.#requests > 0;
  }

  /** True while an HTTP request is in flight. */
  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** Number of HTTP requests, at least 1 for the connection. */
  get total(): number {
    return Math.max(1, this.#requests);
  }

  /** Records the start of an HTTP request. */
  recordRequest(): void {
    this.#requests++;
    if (this.#requests > 1) this.#onRequest();
  }

  /** As {@link recordRequest}, for one that is in flight from now on. */
  startRequest(): void {
    this.recordRequest();
    this.#inFlight = true;
  }

  /** Records that bytes moved to (`rx`) or from (`tx`) the instance, and whether an HTTP request is in flight after them. */
  recordBytes(direction: "rx" | "tx", bytes: number, inFlight: boolean): void {
    this.packets[direction] += packetsOf(bytes);
    this.#inFlight = inFlight;
    this.#movedAt = performance.now();
  }

  /** As {@link recordBytes}, for all bytes since the last call, by the socket's own counters. */
  recordMoved(inFlight: boolean): void {
    const { bytesRead, bytesWritten } = this.socket;
    this.recordBytes("rx", bytesWritten - this.#seen.bytesWritten, inFlight);
    this.recordBytes("tx", bytesRead - this.#seen.bytesRead, inFlight);
    this.#seen.bytesRead = bytesRead;
    this.#seen.bytesWritten = bytesWritten;
  }

  /** Milliseconds since the last byte; 0 while an HTTP request is in flight. */
  get idleMs(): number {
    return this.#inFlight ? 0 : performance.now() - this.#movedAt;
  }
}

/** Traffic of all connections of one instance, closed ones included. */
export class InstanceTraffic {
  readonly #open = new Set<ConnectionTraffic>();
  #ended = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0, total: 0 };

  /** Starts to count an open connection. */
  addConnection(connection: ConnectionTraffic): void {
    this.#open.add(connection);
  }

  /** Moves a connection that has ended to the totals. Idempotent. */
  removeConnection(connection: ConnectionTraffic): void {
    if (!this.#open.delete(connection)) return;
    const { rxBytes, txBytes, rxPackets, txPackets, total } = this.#ended;
    const { bytesRead, bytesWritten } = connection.socket;
    this.#ended = {
      rxBytes: rxBytes + bytesWritten,
      txBytes: txBytes + bytesRead,
      rxPackets: rxPackets + connection.packets.rx,
      txPackets: txPackets + connection.packets.tx,
      total: total + connection.total,
    };
  }

  /**
   * Milliseconds since a byte moved on any open connection; 0 while an HTTP request is in flight, infinite without
   * connections.
   */
  get idleMs(): number {
    return Math.min(Infinity, ...[...this.#open].map((connection) => connection.idleMs));
  }

  /** The current counters. */
  get counts(): TrafficCounts {
    const open = [...this.#open];
    const sum = (valueOf: (connection: ConnectionTraffic) => number): number =>
      open.reduce((total, connection) => total + valueOf(connection), 0);
    return {
      rxBytes: this.#ended.rxBytes + sum(({ socket }) => socket.bytesWritten),
      txBytes: this.#ended.txBytes + sum(({ socket }) => socket.bytesRead),
      rxPackets: this.#ended.rxPackets + sum(({ packets }) => packets.rx),
      txPackets: this.#ended.txPackets + sum(({ packets }) => packets.tx),
      connections: open.filter((connection) => !connection.isHttp).length,
      requests: open.filter((connection) => connection.inFlight).length,
      total: this.#ended.total + sum((connection) => connection.total),
    };
  }
}
