/** The requests in flight on each connection. */
import type * as http from "node:http";
import type { Duplex } from "node:stream";

/**
 * The node:http events that deliver a request. `checkExpectation` is among them so that an unknown `Expect` header is
 * ignored.
 */
export const REQUEST_EVENTS = ["request", "checkExpectation"] as const;

interface InFlightRequest {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly end: () => void;
}

interface Connection {
  readonly requests: Set<InFlightRequest>;
  /** Called when a request ends. */
  readonly listeners: Set<() => void>;
}

/** The activity of a server. */
export interface RequestActivity {
  /** Number of requests in flight. */
  readonly inFlightCount: number;
  /** Time of the last begin or end of a request, from `performance.now()`; 0 before the first. */
  readonly lastChangeAt: number;
}

/** Tracks every request until its response or its connection has ended. */
export class InFlightRequests implements RequestActivity {
  readonly #connections = new WeakMap<Duplex, Connection>();
  inFlightCount = 0;
  lastChangeAt = 0;

  /** Signals that abort when the request has ended or its client has disconnected. */
  readonly signals = new WeakMap<http.IncomingMessage, AbortSignal>();

  /** Watches a server. Create it before other listeners are added, so that they find the signals of their requests. */
  constructor(server: http.Server) {
    server.on("connection", (socket: Duplex) => {
      const connection: Connection = { requests: new Set(), listeners: new Set() };
      this.#connections.set(socket, connection);
      // Only the first of pipelined responses has the connection; the others get no event when it closes.
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
            for (const listener of listeners) listener();
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
   * Calls `act` when every complete request has its response, because an error about later bytes must not overtake those
   * responses. `begun` is true if part of a response was already sent.
   */
  afterPendingResponses(socket: Duplex, act: (begun: boolean) => void): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return act(false);
    const { requests, listeners } = connection;
    const check = (): void => {
      if ([...requests].some(({ request }) => request.complete)) return;
      listeners.delete(check);
      act([...requests].some(({ response }) => response.headersSent));
    };
    listeners.add(check);
    check();
  }
}
