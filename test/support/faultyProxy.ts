/**
 * A server between a client and an API that loses, corrupts and delays messages by a random sequence. The token identifies
 * the client: each has its own sequence, so that a run can be repeated whatever runs beside it.
 */
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** The possible faults of a request. Those with `After` reach the API, which acts. */
export const FAULTS = [
  "http500",
  "http502",
  "http503",
  "http504",
  "http429",
  "http500After",
  "http504After",
  "resetBefore",
  "resetAfter",
  "lateAfter",
  "truncatedAfter",
  "truncatedJsonAfter",
  "slowAfter",
  "tooSlowAfter",
] as const;
export type Fault = (typeof FAULTS)[number];

/** The fault of the next request with this token; `undefined` lets it pass. */
export type NextFault = (token: string) => Fault | undefined;

/** A running proxy. */
export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** How often each fault happened. */
  readonly counts: ReadonlyMap<Fault, number>;
  readonly requests: () => number;
  /** Resolves when none of these requests is in flight, whether or not its client still waits; false if none was. */
  settled(token: string): Promise<boolean>;
}

interface BufferedResponse {
  readonly status: number;
  readonly text: string;
}

/** Delay of late messages: longer than a lookup takes. */
const LATE_DELAY_MS = 15;

/** Starts a proxy in front of an API. */
export async function startFaultyProxy(
  api: { readonly url: string; readonly token: string },
  nextFault: NextFault,
): Promise<FaultyProxy> {
  const agent = new http.Agent({ keepAlive: true });
  const counts = new Map<Fault, number>();
  /** Requests on their way or at work in the API by token, whether or not their client still waits. */
  const inFlight = new Map<string, Set<Promise<unknown>>>();
  let requests = 0;

  const forward = (method: string, target: string, body: string): Promise<BufferedResponse> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${api.token}`,
        ...(body === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
      };
      const request = http.request(api.url + target, { method, agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on("error", reject).end(body);
    });

  async function tracked<T>(token: string, work: Promise<T>): Promise<T> {
    const all = inFlight.get(token) ?? new Set();
    inFlight.set(token, all.add(work));
    return work.finally(() => all.delete(work));
  }

  const send = (response: http.ServerResponse, { status, text }: BufferedResponse, headers: object = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);

  async function handle(request: http.IncomingMessage, response: http.ServerResponse, body: string): Promise<void> {
    const { method = "", url = "", socket, headers } = request;
    const token = (headers.authorization ?? "").replace("Bearer ", "");
    const fault = nextFault(token);
    requests++;
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
    const act = () => tracked(token, forward(method, url, body));
    const status = /^http(\d+)/.exec(fault ?? "")?.[1];
    if (status !== undefined) {
      if (fault?.endsWith("After") === true) await act();
      send(response, { status: Number(status), text: "{}" }, { "retry-after": "0" });
      return;
    }
    switch (fault) {
      case undefined:
        send(response, await act());
        return;
      case "resetBefore":
        socket.destroy();
        return;
      case "resetAfter":
        await act();
        socket.destroy();
        return;
      case "lateAfter": {
        socket.destroy();
        await tracked(token, delay(LATE_DELAY_MS).then(act));
        return;
      }
      case "truncatedAfter": {
        const { status, text } = await act();
        response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
        response.write(text.slice(0, text.length / 2), () => socket.destroy());
        return;
      }
      case "truncatedJsonAfter": {
        const { status, text } = await act();
        send(response, { status, text: text.slice(0, text.length / 2) });
        return;
      }
      case "slowAfter": {
        const { status, text } = await act();
        response.writeHead(status, { "content-type": "application/json" });
        response.write(text.slice(0, text.length / 2));
        await delay(3);
        response.end(text.slice(text.length / 2));
        return;
      }
      default:
        await act(); // tooSlowAfter: no response
    }
  }

  const sockets = new Set<Socket>();
  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => void handle(request, response, body).catch(() => request.socket.destroy()));
  });
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    requests: () => requests,
    settled: async (token) => {
      const all = inFlight.get(token) ?? new Set();
      if (all.size === 0) return false;
      while (all.size > 0) await Promise.allSettled(all);
      return true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}
