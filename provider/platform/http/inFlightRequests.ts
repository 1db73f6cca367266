/** Requests under way on each connection: who is left when a connection ends or turns out malformed. */
import type * as http from "node:http";
import type { Duplex } from "node:stream";

interface InFlightRequest {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly end: () => void;
}

interface Connection {
  readonly requests: Set<InFlightRequest>;
  /** Called when an exchange has ended. */
  readonly listeners: Set<() => void>;
}

/** Keeps track of every request from its first line to the end of its answer or of its connection. */
export class InFlightRequests {
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #onChange: (change: 1 | -1) => void;

  /** @param onChange called when a request begins (+1) and when it ends (-1) */
  constructor(onChange: (change: 1 | -1) => void) {
    this.#onChange = onChange;
  }

  /** Begins a request; the signal aborts when it has ended, or its client has left. */
  track(request: http.IncomingMessage, response: http.ServerResponse): AbortSignal {
    const { requests: exchanges, listeners: waiting } = this.#connection(request.socket);
    const gone = new AbortController();
    const end = (): void => {
      if (!exchanges.delete(exchange)) return;
      gone.abort();
      this.#onChange(-1);
      for (const look of waiting) look();
    };
    const exchange: InFlightRequest = { request, response, end };
    exchanges.add(exchange);
    this.#onChange(1);
    response.once("close", end);
    return gone.signal;
  }

  /**
   * Calls `act` when no request that arrived whole waits for its answer any more: what is said of the bytes after them must not
   * overtake their answers. `begun` tells whether a part of an answer is on its way already.
   */
  afterPendingResponses(socket: Duplex, act: (begun: boolean) => void): void {
    const { requests: exchanges, listeners: waiting } = this.#connection(socket);
    const look = (): void => {
      if ([...exchanges].some(({ request }) => request.complete)) return;
      waiting.delete(look);
      act([...exchanges].some(({ response }) => response.headersSent));
    };
    waiting.add(look);
    look();
  }

  #connection(socket: Duplex): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { requests: new Set(), listeners: new Set() };
    this.#connections.set(socket, connection);
    // The answers of pipelined requests but the first have no connection yet, and so do not learn of its end.
    socket.once("close", () => {
      connection.listeners.clear();
      for (const exchange of [...connection.requests]) exchange.end();
    });
    return connection;
  }
}
