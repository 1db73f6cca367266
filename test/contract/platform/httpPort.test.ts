/** A port with the handler `http`: what passes, what is refused, and what a client sees when an instance fails. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpPort, type HttpPortOptions, targetAt } from "../../support/httpPort";
import { sendHttp } from "../../support/testPlatform";

/** A server on a free port, closed after the test. */
const servers: (net.Server | http.Server)[] = [];
async function serverOf(server: net.Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}
const httpServer = (listener: http.RequestListener): Promise<number> => serverOf(http.createServer(listener));
/** Each connection to it is given to `serve`. */
const rawServer = (serve: (socket: net.Socket) => void): Promise<number> =>
  serverOf(net.createServer({ allowHalfOpen: true }, (socket) => serve(socket.on("error", () => undefined))));
/** A server that sends `response` for the first bytes of each connection. */
const respondsWith = (response: string, then: (socket: net.Socket) => void = () => undefined): Promise<number> =>
  rawServer((socket) => void socket.on("data", () => (socket.write(response), then(socket))));

/** A raw client. */
class Client {
  text = "";
  error: NodeJS.ErrnoException | undefined;
  readonly socket: net.Socket;
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => (this.text += chunk.toString("latin1")));
    this.socket.on("error", (error) => (this.error = error)).on("end", () => this.socket.end());
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  send(bytes: string): this {
    this.socket.write(bytes, "latin1");
    return this;
  }

  async said(wanted: string | RegExp): Promise<string> {
    const is = (): boolean => (typeof wanted === "string" ? this.text.includes(wanted) : wanted.test(this.text));
    while (!is() && !this.socket.destroyed) await sleep(2);
    assert.ok(is(), `${JSON.stringify(this.text)} ${String(this.error)}`);
    return this.text;
  }
}

const OK = "HTTP/1.1 200 OK\r\n";
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("a port with the handler http", () => {
  let port: HttpPort;
  const open = async (members: Readonly<Record<string, number>>, options: HttpPortOptions = {}): Promise<HttpPort> =>
    (port = await HttpPort.open(members, options));
  const get = (agent?: http.Agent, method = "GET", body?: string) => sendHttp(`${port.url}/`, method, {}, body, agent);
  const client = (): Client => new Client(port.port);
  afterEach(() => {
    port.close();
    for (const server of servers.splice(0)) {
      if (server instanceof http.Server) server.closeAllConnections();
      server.close();
    }
  });

  it("tells the instance who asked, and keeps what concerns the client's connection from it", async () => {
    const seen: string[][] = [];
    await open({ a: await httpServer((request, response) => (seen.push(request.rawHeaders), response.end())) });
    const request =
      "GET / HTTP/1.1\r\nHost: shop.example:8080\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: gopher\r\n" +
      "Connection: X-Secret, close\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n";
    await client().send(request).closed;
    assert.deepEqual(seen, [
      [
        ...["Host", "shop.example:8080", "X-Twice", "1", "x-twice", "2", "X-Forwarded-For", "9.9.9.9, 127.0.0.1"],
        ...["X-Forwarded-Proto", "http", "X-Forwarded-Host", "shop.example:8080", "Connection", "keep-alive"],
      ],
    ]);
  });

  it("uses one connection to the instance for the requests of many clients", async () => {
    let connections = 0;
    const server = http.createServer((_request, response) => response.end("ok")).on("connection", () => connections++);
    await open({ a: await serverOf(server) });
    for (let count = 0; count < 20; count++) assert.equal((await get()).text, "ok");
    assert.equal(connections, 1);
    assert.equal(port.proxy.rotation.connectionCount("a"), 0);
    const { total, requests, connections: others } = port.proxy.rotation.traffic("a");
    assert.deepEqual({ total, requests, others }, { total: 20, requests: 0, others: 0 });
  });

  it("keeps no connection that the instance is about to close", async () => {
    for (const [timeout, expected] of [
      ["timeout=1, max=100", 2],
      ["timeout=5, max=100", 1],
    ] as const) {
      let connections = 0;
      const server = http.createServer((_, response) => response.setHeader("Keep-Alive", timeout).end("ok"));
      server.on("connection", () => connections++);
      await open({ a: await serverOf(server) });
      for (let count = 0; count < 2; count++) assert.equal((await get()).text, "ok");
      assert.equal(connections, expected, timeout);
      port.close();
    }
  });

  it("chooses an instance for each request, not for each connection", async () => {
    const members = await Promise.all(["a", "b"].map((name) => httpServer((_, response) => response.end(name))));
    await open({ a: members[0] ?? 0 });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await get(agent)).text, "a");
    port.proxy.rotation.setState("b", "ready", targetAt(members[1] ?? 0));
    port.proxy.rotation.setState("a", "leaving");
    assert.equal((await get(agent)).text, "b");
    agent.destroy();
  });

  it("is not kept from draining by a client's idle connection, and finishes the request in flight", async () => {
    let finish = (): void => undefined;
    await open({
      a: await httpServer((_, response) => (response.write("first "), (finish = () => void response.end("last")))),
    });
    const busy = client().send(GET);
    await busy.said("first");
    let isDrained = false;
    const drained = port.proxy.rotation.drain("a", {}, new AbortController().signal).then(() => (isDrained = true));
    await sleep(50);
    assert.equal(isDrained, false);
    finish();
    await drained;
    await busy.said("last");
    assert.equal(port.proxy.rotation.drainCounts("a")?.finished, 1);
    busy.socket.destroy();
  });

  it("repeats a request whose connection the instance had closed, if that has no other effect", async () => {
    let requests = 0;
    // Answers the first request of a connection and closes it without a response to the second.
    await open({
      a: await rawServer((socket) => {
        let isFirst = true;
        socket.on("data", () => {
          requests++;
          if (isFirst) socket.write(`${OK}Content-Length: 2\r\n\r\nok`);
          else socket.destroy();
          isFirst = false;
        });
      }),
    });
    assert.deepEqual([(await get()).status, (await get()).status, requests], [200, 200, 3]);
    assert.equal((await get(undefined, "POST", "x")).status, 502);
  });

  for (const [name, serve, status] of [
    ["closes the connection", (socket: net.Socket) => socket.destroy(), 502],
    ["does not speak HTTP", (socket: net.Socket) => socket.end("SSH-2.0-OpenSSH\r\n"), 502],
    [
      "declares two lengths",
      (socket: net.Socket) => socket.end(`${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`),
      502,
    ],
    ["does not respond", () => undefined, 504],
  ] as const)
    it(`responds ${status} if the instance ${name}`, async () => {
      await open(
        { a: await rawServer((socket) => void socket.once("data", () => void serve(socket))) },
        {
          timings: { responseTimeoutMs: 100 },
        },
      );
      assert.equal((await get()).status, status);
      assert.equal(port.proxy.rotation.connectionCount("a"), 0);
    });

  it("responds 503 with Retry-After if no instance is ready in time, and 429 at the hard limit", async () => {
    await open({}, { hardLimit: 1, timings: { connectionWaitMs: 50 } });
    const unready = await get();
    assert.deepEqual([unready.status, unready.headers["retry-after"]], [503, "1"]);
    port.proxy.rotation.setState("a", "ready", targetAt(await httpServer(() => undefined)));
    const stuck = client().send(GET);
    while (port.proxy.rotation.connectionCount("a") === 0) await sleep(2);
    const full = await get();
    assert.deepEqual([full.status, full.headers["retry-after"]], [429, "1"]);
    stuck.socket.destroy();
  });

  it("holds a request while an instance wakes", async () => {
    await open({});
    const server = await httpServer((_, response) => response.end("awake"));
    port.proxy.rotation.setState("a", "standby");
    const waiting = get();
    while (port.woken.length === 0) await sleep(2);
    port.proxy.rotation.setState("a", "ready", targetAt(server));
    assert.equal((await waiting).text, "awake");
    assert.deepEqual(port.woken, ["a"]);
  });

  for (const [framing, start] of [
    ["a length", `${OK}Content-Length: 9\r\n\r\nabc`],
    ["chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
    ["the end of the connection", `${OK}\r\nabc`],
  ] as const)
    it(`resets the client if the instance is cut in a response with ${framing}`, async () => {
      let cut = (): void => undefined;
      await open({ a: await respondsWith(start, (socket) => (cut = () => void socket.resetAndDestroy())) });
      const cutOff = client().send(GET);
      await cutOff.said("abc");
      cut();
      await cutOff.closed;
      assert.equal(cutOff.error?.code, "ECONNRESET");
      assert.doesNotMatch(cutOff.text, /\r\n0\r\n/);
    });

  it("closes the connection to the instance when the client leaves", async () => {
    let closed = false;
    await open(
      {
        a: await rawServer((socket) => {
          socket.write(`${OK}Content-Length: 9\r\n\r\nabc`);
          socket
            .resume()
            .on("end", () => socket.end())
            .on("close", () => (closed = true));
        }),
      },
      { timings: { clientKeepAliveMs: 100 } },
    );
    const leaving = client().send(GET);
    await leaving.said("abc");
    leaving.socket.destroy();
    while (!closed) await sleep(2);
    assert.equal(port.proxy.rotation.connectionCount("a"), 0);
  });

  it("passes 100 Continue, HEAD, 204, 304 and trailers", async () => {
    const server = http.createServer((request, response) => {
      const status = Number(request.url?.slice(1));
      if (request.method === "POST") {
        request.resume().on("end", () => {
          response.writeHead(200, { trailer: "X-Sum" });
          response.write("body");
          response.addTrailers({ "X-Sum": JSON.stringify(request.trailers) });
          response.end();
        });
      } else response.writeHead(status, { "content-length": status === 200 ? 5 : 0 }).end();
    });
    await open({ a: await serverOf(server) });
    const all = client().send("HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await all.said("\r\n\r\n"), /^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n/);
    await all.send("GET /204 HTTP/1.1\r\nHost: x\r\n\r\n").said(/HTTP\/1\.1 204 [^]*\r\n\r\n$/);
    await all.send("GET /304 HTTP/1.1\r\nHost: x\r\n\r\n").said(/HTTP\/1\.1 304 [^]*\r\n\r\n$/);
    all.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n");
    await all.said("100 Continue\r\n\r\n");
    await all.send("1\r\nx\r\n0\r\nA: b\r\n\r\n").said('\r\n0\r\nX-Sum: {"a":"b"}\r\n\r\n');
    all.socket.destroy();
  });

  it("drops interim responses that are not valid", async () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    await open({ a: await respondsWith(`${interim}${OK}Content-Length: 2\r\n\r\nok`) });
    assert.equal((await get()).text, "ok");
  });

  it("serves pipelined requests one after the other", async () => {
    const log: string[] = [];
    await open({
      a: await httpServer((request, response) => {
        log.push(`begin ${request.url}`);
        setTimeout(() => (log.push(`end ${request.url}`), response.end(request.url)), 30);
      }),
    });
    const pipelined = client().send(
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    await pipelined.said("/2");
    assert.deepEqual(log, ["begin /1", "end /1", "begin /2", "end /2"]);
    pipelined.socket.destroy();
  });

  it("answers a client that has closed its side", async () => {
    await open({ a: await httpServer((_, response) => void setTimeout(() => response.end("late"), 30)) });
    const half = client();
    half.socket.end(GET);
    await half.closed;
    assert.match(half.text, /late/);
  });

  it("sends the head of a response before its body begins", async () => {
    await open({ a: await httpServer((_, response) => response.writeHead(200, { "x-early": "1" }).flushHeaders()) });
    const waiting = client().send(GET);
    await waiting.said("x-early");
    waiting.socket.destroy();
  });

  it("passes bytes in both directions after an upgrade, and counts the connection until it ends", async () => {
    const server = http
      .createServer()
      .on("upgrade", (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
        assert.equal(request.headers.connection, "Upgrade");
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello ");
        socket.write(head);
        socket.on("data", (chunk: Buffer) => socket.write(chunk)).on("end", () => socket.end("bye"));
      });
    await open({ a: await serverOf(server) });
    const socket = client().send(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ",
    );
    await socket.said("hello early ");
    await socket.send("late ").said("late ");
    assert.equal(port.proxy.rotation.connectionCount("a"), 1);
    socket.socket.end();
    await socket.closed;
    assert.match(socket.text, /hello early late bye$/);
    assert.equal(port.proxy.rotation.connectionCount("a"), 0);
  });

  it("closes an idle upgraded connection of an instance that drains", async () => {
    const server = http.createServer().on("upgrade", (_request, socket: net.Socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello");
    });
    await open({ a: await serverOf(server) }, { timings: { drainIdleMs: 40 } });
    const socket = client().send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    await socket.said("hello");
    await port.proxy.rotation.drain("a", {}, AbortSignal.timeout(3_000));
    assert.equal(port.proxy.rotation.drainCounts("a")?.finished, 1);
    await socket.closed;
  });

  it("passes the response of an instance that refuses an upgrade, and ignores one to HTTP/2 or with a body", async () => {
    const upgrades: unknown[] = [];
    const listener: http.RequestListener = (request, response) => {
      upgrades.push(request.headers.upgrade);
      request.on("data", (chunk: Buffer) => response.write(chunk)).on("end", () => response.end("no"));
    };
    await open({ a: await httpServer(listener) });
    const ask = (line: string, upgrade: string, rest: string): Client =>
      client().send(
        `${line} / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\n${rest}`,
      );
    const refused = ask("GET", "websocket", "\r\n");
    await refused.said(/^HTTP\/1\.1 200 [^]*no/);
    await refused.closed;
    const h2c = ask("GET", "h2c", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
    await h2c.said("no");
    const withBody = ask("POST", "websocket", "Content-Length: 4\r\n\r\nbody");
    await withBody.said("body");
    assert.deepEqual(upgrades, ["websocket", undefined, undefined]);
    for (const { socket } of [h2c, withBody]) socket.destroy();
  });

  /** [what is wrong, the request] of which the instance must not see a byte. */
  const REFUSED: readonly (readonly [string, string])[] = [
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
    ["a list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na"],
    ["a signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na"],
    ["an unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["two codings", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    [
      "two fields of codings",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    ],
    ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n"],
    ["a bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r2\r\n\r\n"],
    ["a NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\0\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"],
    ["a relative target", "GET x HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a target of another protocol", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"],
    ["200 header fields", `GET / HTTP/1.1\r\nHost: x\r\n${"X-A: 1\r\n".repeat(200)}\r\n`],
    ["a head of 40 KiB", `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${"x".repeat(40_000)}\r\n\r\n`],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ];
  for (const [wrong, request] of REFUSED)
    it(`refuses ${wrong}`, async () => {
      let requests = 0;
      await open({ a: await rawServer((socket) => void socket.on("data", () => requests++)) });
      const refused = client().send(request);
      const status = /^HTTP\/1\.1 (400|405|431) [^]*\r\n\r\n/;
      await refused.said(status);
      refused.socket.end();
      await refused.closed;
      assert.equal(requests, 0);
    });

  it("takes the host of a target in absolute form", async () => {
    await open({ a: await httpServer((request, response) => response.end(`${request.headers.host} ${request.url}`)) });
    const absolute = client().send("GET http://real.example?q=1 HTTP/1.1\r\nHost: other\r\n\r\n");
    await absolute.said("real.example /?q=1");
    absolute.socket.destroy();
  });

  it("closes connections that send a head too slowly, and stops uploads that do not move", async () => {
    await open(
      { a: await httpServer((request, response) => request.resume().on("end", () => response.end("ok"))) },
      {
        timings: { headersTimeoutMs: 300, uploadIdleMs: 300 },
      },
    );
    const silent = client();
    const slow = client().send("GET / HTTP/1.1\r\n");
    const dribble = setInterval(() => slow.send("X-A: 1\r\n"), 50);
    const stuck = client().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    const moving = client().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
    for (let bytes = 0; bytes < 9; bytes++) {
      await sleep(100);
      moving.send("x");
    }
    await moving.said("ok");
    await slow.closed;
    clearInterval(dribble);
    await silent.closed;
    await stuck.said(/^HTTP\/1\.1 408 /);
    await stuck.closed;
    moving.socket.destroy();
  });

  it("pauses a sender while its receiver does not read, in both directions", async () => {
    let sent = 0;
    const big = 64 * 1024 * 1024;
    await open({
      a: await httpServer((_, response) => {
        const chunk = Buffer.alloc(65_536);
        const more = (): void => {
          while (sent < big) {
            sent += chunk.length;
            if (!response.write(chunk)) return void response.once("drain", more);
          }
          response.end();
        };
        more();
      }),
    });
    const lazy = client().send(GET);
    lazy.socket.pause();
    await sleep(500);
    assert.ok(sent < big / 2, `${sent} bytes were taken from the instance`);
    lazy.socket.destroy();
  });
});
