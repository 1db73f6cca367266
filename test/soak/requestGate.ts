/**
 * A proxy between one operation's provider and the platform, which calls for the kill at a chosen request and lets everything else
 * pass. What arrives after the kill comes from a provider that has lost its engine; it reaches the platform too.
 */
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Moment } from "./killPlan";

/** Requests by what they do: a kill aims at one of them. */
export const REQUEST_KINDS = ["any", "write", "wait"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Where to kill. */
export interface KillPoint {
  readonly moment: Moment;
  /** The `index`th request of this kind, from 0. At "any time": ignored. */
  readonly kind: RequestKind;
  readonly index: number;
  /** From the request ("during a wait") or the operation's first request ("at any time"), in milliseconds. */
  readonly delayMs: number;
}

/** What an operation sent. */
export interface RequestProfile {
  /** Number of requests by kind. */
  readonly counts: Readonly<Record<RequestKind, number>>;
  /** From the first request to the last response, in milliseconds. */
  readonly spanMs: number;
}

/** Acts on the engine of the operation. */
export interface EngineControl {
  /** Stops the engine, which then reads and writes nothing. */
  pause(): void;
  /** Kills. The operation has ended when it resolves. */
  kill(): Promise<void>;
}

/** A provider that has nothing to send for so long has finished: longer than it pauses between two looks at an instance. */
const QUIET_MS = 1_300;
const QUIET_LIMIT_MS = 15_000;
/** From the kill; the provider may need so long to notice that the engine is gone. */
const LATE_AFTER_MS = 1_000;

/** The proxy of one operation. */
export class RequestGate implements AsyncDisposable {
  /** Every request as `<method> <path>`, in order of arrival. */
  readonly requests: string[] = [];
  /** Requests that arrived later than a second after the kill. */
  readonly lateRequests: string[] = [];
  readonly #counts: Record<RequestKind, number> = { any: 0, write: 0, wait: 0 };
  readonly #api: { readonly url: string; readonly token: string };
  readonly #point: KillPoint | undefined;
  readonly #engine: EngineControl | undefined;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #server: http.Server;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #lastActivityAt = 0;
  #firstRequestAt: number | undefined;
  #calledAt: number | undefined;
  #killedAt: number | undefined;

  private constructor(
    api: { readonly url: string; readonly token: string },
    point?: KillPoint,
    engine?: EngineControl,
  ) {
    this.#api = api;
    this.#point = point;
    this.#engine = engine;
    this.#server = http.createServer((request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
    this.#server.on("connection", (socket) =>
      this.#sockets.add(socket.on("close", () => this.#sockets.delete(socket))),
    );
  }

  /** A gate that kills at a point; without one it only observes. */
  static async open(
    api: { readonly url: string; readonly token: string },
    point?: KillPoint,
    engine?: EngineControl,
  ): Promise<RequestGate> {
    const gate = new RequestGate(api, point, engine);
    await new Promise<void>((resolve) => gate.#server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** True once the kill has happened. */
  get hasKilled(): boolean {
    return this.#killedAt !== undefined;
  }

  get profile(): RequestProfile {
    return {
      counts: { ...this.#counts },
      spanMs: this.#lastActivityAt - (this.#firstRequestAt ?? this.#lastActivityAt),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { method = "GET", url = "/" } = request;
    if (url.startsWith("/v1/healthz")) return this.#reply(response, await this.#forward(request, body));
    const isTarget = this.#register(method, url);
    const moment = isTarget ? this.#point?.moment : undefined;
    if (moment === "before a request") {
      await this.#kill();
      request.socket.destroy();
      return;
    }
    this.#inFlight++;
    try {
      const reached = this.#forward(request, body);
      if (moment === "during a wait") {
        await delay(this.#point?.delayMs);
        await this.#kill();
        request.socket.destroy();
        await reached;
        return;
      }
      const reply = await reached;
      if (moment === "after a request") {
        await this.#kill();
        request.socket.destroy();
        return;
      }
      if (moment === "before the checkpoint") this.#engine?.pause();
      await this.#reply(response, reply);
    } finally {
      this.#inFlight--;
      this.#lastActivityAt = Date.now();
    }
    if (moment === "after the reply") await this.#kill();
    if (moment === "before the checkpoint") {
      await this.#untilQuiet();
      await this.#kill();
    }
  }

  /** Counts a request; true for the one to kill at. */
  #register(method: string, url: string): boolean {
    const now = Date.now();
    this.#lastActivityAt = now;
    this.requests.push(`${method} ${url}`);
    if (this.#killedAt !== undefined && now - this.#killedAt > LATE_AFTER_MS)
      this.lateRequests.push(`${method} ${url}`);
    if (this.#firstRequestAt === undefined) {
      this.#firstRequestAt = now;
      if (this.#point?.moment === "at any time") {
        this.#timer = setTimeout(() => void this.#kill().catch(() => undefined), this.#point.delayMs);
      }
    }
    const isWait = url.startsWith("/v1/instances/wait");
    const kinds: RequestKind[] = ["any"];
    if (isWait) kinds.push("wait");
    else if (method !== "GET") kinds.push("write");
    const point = this.#point;
    const isTarget =
      this.#calledAt === undefined &&
      point !== undefined &&
      point.moment !== "at any time" &&
      kinds.includes(point.kind) &&
      this.#counts[point.kind] === point.index;
    for (const kind of kinds) this.#counts[kind]++;
    if (isTarget) this.#calledAt = now;
    return isTarget;
  }

  async #kill(): Promise<void> {
    this.#killedAt = Date.now();
    await this.#engine?.kill();
  }

  /** Until the provider has sent nothing and waited for nothing for a while. */
  async #untilQuiet(): Promise<void> {
    const deadline = Date.now() + QUIET_LIMIT_MS;
    while (Date.now() < deadline && (this.#inFlight > 0 || Date.now() - this.#lastActivityAt < QUIET_MS))
      await delay(50);
  }

  #forward(request: http.IncomingMessage, body: Buffer): Promise<BufferedReply> {
    const { host: _host, connection: _connection, ...rest } = request.headers;
    const headers = { ...rest, authorization: `Bearer ${this.#api.token}` };
    return new Promise((resolve, reject) => {
      const options = { method: request.method ?? "GET", agent: this.#agent, headers };
      const forwarded = http.request(this.#api.url + (request.url ?? "/"), options, (reply) => {
        readBody(reply).then(
          (text) => resolve({ status: reply.statusCode ?? 500, headers: reply.headers, body: text }),
          reject,
        );
      });
      forwarded.on("error", reject).end(body);
    });
  }

  /** Resolves when the response has been written, or the client is gone. */
  #reply(response: http.ServerResponse, { status, headers, body }: BufferedReply): Promise<void> {
    const { connection: _connection, "transfer-encoding": _encoding, ...rest } = headers;
    return new Promise((resolve) => {
      response.on("close", resolve);
      response.writeHead(status, { ...rest, "content-length": body.length }).end(body, resolve);
    });
  }
}

interface BufferedReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

async function readBody(message: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
