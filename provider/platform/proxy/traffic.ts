/** What instances get and give through the proxy. */
import type * as net from "node:net";

/** Counted since the daemon began to serve. */
export interface TrafficCounts {
  /** Towards the instance, and from it. */
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Open connections that do not speak HTTP, as far as their bytes tell. */
  readonly connections: number;
  /** HTTP requests that are owed a response, or the rest of one. */
  readonly requests: number;
  /** Connections, and on one that speaks HTTP each request after its first. */
  readonly total: number;
}

/** Nothing has passed. */
export const NO_TRAFFIC: TrafficCounts = { rxBytes: 0, txBytes: 0, connections: 0, requests: 0, total: 0 };

/** One connection to an instance. */
export class ConnectionTraffic {
  readonly socket: net.Socket;
  readonly #onRequest: () => void;
  #requests = 0;
  #inFlight = false;
  #movedAt = performance.now();

  /** @param onRequest Called when it becomes one more of the instance's connections and requests. */
  constructor(socket: net.Socket, onRequest: () => void) {
    this.socket = socket;
    this.#onRequest = onRequest;
    onRequest();
  }

  get isHttp(): boolean {
    return this.#requests > 0;
  }

  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** 1 for the connection; more when it carried more than one HTTP request. */
  get total(): number {
    return Math.max(1, this.#requests);
  }

  /** An HTTP request begins. */
  recordRequest(): void {
    this.#requests++;
    if (this.#requests > 1) this.#onRequest();
  }

  /** Bytes passed, either way. `inFlight`: an HTTP request is owed a response, or the rest of one. */
  recordBytes(inFlight: boolean): void {
    this.#inFlight = inFlight;
    this.#movedAt = performance.now();
  }

  /** Milliseconds without a byte; 0 while an HTTP request is in flight. */
  get idleMs(): number {
    return this.#inFlight ? 0 : performance.now() - this.#movedAt;
  }
}

/** All connections of one instance, past and present. */
export class InstanceTraffic {
  readonly #flows = new Set<ConnectionTraffic>();
  #past = { rxBytes: 0, txBytes: 0, total: 0 };

  addConnection(flow: ConnectionTraffic): void {
    this.#flows.add(flow);
  }

  removeConnection(flow: ConnectionTraffic): void {
    if (!this.#flows.delete(flow)) return;
    const { rxBytes, txBytes, total } = this.#past;
    const { bytesRead, bytesWritten } = flow.socket;
    this.#past = { rxBytes: rxBytes + bytesWritten, txBytes: txBytes + bytesRead, total: total + flow.total };
  }

  /** Milliseconds since a byte moved on any open connection; 0 while an HTTP request is in flight, infinite without connections. */
  get idleMs(): number {
    return Math.min(Infinity, ...[...this.#flows].map((flow) => flow.idleMs));
  }

  get counts(): TrafficCounts {
    const flows = [...this.#flows];
    const sum = (of: (flow: ConnectionTraffic) => number): number => flows.reduce((total, flow) => total + of(flow), 0);
    return {
      rxBytes: this.#past.rxBytes + sum(({ socket }) => socket.bytesWritten),
      txBytes: this.#past.txBytes + sum(({ socket }) => socket.bytesRead),
      connections: flows.filter((flow) => !flow.isHttp).length,
      requests: flows.filter((flow) => flow.inFlight).length,
      total: this.#past.total + sum((flow) => flow.total),
    };
  }
}
