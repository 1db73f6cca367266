/** Requests under way on each connection: who is left when a connection ends or turns out malformed. */
import type * as http from "node:http";
import type { Duplex } from "node:stream";

/** Events by which node:http hands over a request. What else a client may expect is no reason to reject its request. */
export const REQUEST_EVENTS = ["request", "checkExpectation"] as const;

interface InFlightRequest {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly end: () => void;
}

interface Connection {
  readonly requests: Set<InFlightRequest>;
  /** Called when a request has ended. */
  readonly listeners: Set<() => void>;
}

/** How busy a server is. */
export interface RequestActivity {
  /** Requests that have begun and not ended. */
  readonly inFlightCount: number;
  /** When the last request began or ended, as a time of `performance.now()`; 0 before the first. */
  readonly lastChangeAt: number;
}

/** Keeps track of every request from its first line to the end of its response or of its connection. */
export class InFlightRequests implements RequestActivity {
  readonly #connections = new WeakMap<Duplex, Connection>();
  inFlightCount = 0;
  lastChangeAt = 0;

  /** Signals that abort when the request has ended, or its client has left. */
  readonly signals = new WeakMap<http.IncomingMessage, AbortSignal>();

  /** Watches a server. Its own listeners come later, so that they find the signals of their requests. */
  constructor(server: http.Server) {
    server.on("connection", (socket: Duplex) => {
      const connection: Connection = { requests: new Set(), listeners: new Set() };
      this.#connections.set(socket, connection);
      // The responses of pipelined requests but the first have no connection yet, so they do not learn of its end.
      socket.once("close", () => {
        connection.listeners.clear();
        for (const tracked of [...connection.requests]) tracked.end();
      });
    });
    for (const event of REQUEST_EVENTS)
      server.on(event, (request: http.IncomingMessage, response: http.ServerResponse) => {
        const connection = this.#connections.get(request.socket);
        if (connection === undefined) return;
        const { requests, listeners } = connection;
        const gone = new AbortController();
        const tracked: InFlightRequest = {
          request,
          response,
          end: () => {
            if (!requests.delete(tracked)) return;
            gone.abort();
            this.inFlightCount--;
            this.lastChangeAt = performance.now();
            for (const look of listeners) look();
          },
        };
        requests.add(tracked);
        this.signals.set(request, gone.signal);
        this.inFlightCount++;
        this.lastChangeAt = performance.now();
        response.once("close", tracked.end);
      });
  }

  /**
   * Calls `act` when every request that arrived whole has its response: an error about the bytes after them must not overtake those.
   * `begun` tells whether a part of a response is on its way already.
   */
  afterPendingResponses(socket: Duplex, act: (begun: boolean) => void): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return act(false);
    const { requests, listeners } = connection;
    const look = (): void => {
      if ([...requests].some(({ request }) => request.complete)) return;
      listeners.delete(look);
      act([...requests].some(({ response }) => response.headersSent));
    };
    listeners.add(look);
    look();
  }
}
