/** What a drain waits for, and what it reports. */
import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import { freePort } from "../../support/freePorts";
import { type Item, sendHttp, TestPlatform, webGuest } from "../../support/testPlatform";

/** A guest that sends `response` for the first bytes of a connection, `more` 150 ms later, and never closes it. */
const neverCloses = (response: string, more = "") => ({
  ...webGuest("web"),
  serve: (socket: net.Socket) => {
    socket.allowHalfOpen = true;
    socket.once("data", () => {
      socket.write(response);
      if (more !== "") setTimeout(() => socket.write(more), 150);
    });
  },
});

/** A client that sends `request` and collects what arrives. */
async function connect(port: number, request: string) {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  const ended = new Promise<void>((resolve) => socket.once("end", resolve).once("close", resolve));
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  if (request !== "") socket.write(request);
  const said = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { socket, ended, text: () => text, said };
}

/** As {@link connect}, and then sends the end of its stream. */
async function halfClosed(port: number, request: string) {
  const client = await connect(port, request);
  client.socket.end();
  return client;
}

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const HEAD = "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** [name, request, response, rest of the response] of exchanges whose end is known from the bytes. */
const EXCHANGES: readonly (readonly [string, string, string, string?])[] = [
  ["a length", GET, `${OK}Content-Length: 2\r\n\r\nok`],
  ["a length, in two parts", GET, `${OK}Content-Length: 4\r\n\r\nok`, "ok"],
  ["a header in two parts", GET, `${OK}Content-Le`, "ngth: 2\r\n\r\nok"],
  ["chunks", GET, `${CHUNKED}2\r\nok\r\n0\r\n\r\n`],
  ["chunks and a trailer", GET, `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`],
  ["HEAD", HEAD, `${OK}Content-Length: 9\r\n\r\n`],
  ["204", GET, "HTTP/1.1 204 No Content\r\n\r\n"],
  ["304 with a length", GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"],
  ["100 before the response", GET, "HTTP/1.1 100 Continue\r\n\r\n", `${OK}Content-Length: 2\r\n\r\nok`],
  ["HTTP/1.0 with a length", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["two pipelined requests", GET + GET, `${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 2\r\n\r\n`, "ok"],
  ["a pipelined HEAD", HEAD + GET, `${OK}Content-Length: 9\r\n\r\n${OK}Content-Length: 2\r\n\r\n`, "ok"],
  [
    "a request with a body",
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`,
    `${OK}Content-Length: 0\r\n\r\n`,
  ],
  ["a blank line after the request", `${GET}\r\n`, `${OK}Content-Length: 2\r\n\r\nok`],
];

/** Connections of an instance that are not HTTP or have a request in flight. */
async function connectionsOf(platform: TestPlatform, uuid: string): Promise<number> {
  const accept = { accept: "application/json" };
  const [item] = (await platform.api("GET", `/v1/instances/metrics?uuid=${uuid}`, undefined, accept)).items;
  return Number(item?.["nconns"]) + Number(item?.["nreqs"]);
}

describe("a drain", () => {
  let platform: TestPlatform;
  let port: number;
  let service: string;
  beforeEach(async () => {
    platform = await TestPlatform.open({ drainIdleMs: 60 });
    await platform.start();
    port = await freePort();
    service = (await platform.requestItem("POST", "/v1/services", { services: [{ port, destination_port: 80 }] })).uuid;
  });
  afterEach(() => platform.close());

  const running = (name: string) => platform.createRunning({ name, service_group: { uuid: service } });
  const stop = (name: string, more: object = {}) =>
    platform.api("PUT", "/v1/instances/stop", [{ name, drain_timeout_ms: 20_000, ...more }]);
  const connected = async (uuid: string, count: number): Promise<void> => {
    while ((await connectionsOf(platform, uuid)) < count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const drainOf = async (uuid: string) => {
    const { elapsed_ms: _, ...counts } = (await platform.instance(uuid))["drain"] as Record<string, unknown>;
    return counts;
  };
  const stopped = (uuid: string): Promise<Item> => platform.waitForItem(uuid, ({ state }) => state === "stopped");

  for (const [name, request, first, second = ""] of EXCHANGES) {
    it(`does not wait for a half-closed connection after its response: ${name}`, async () => {
      platform.guests.set("web", neverCloses(first, second));
      const { uuid } = await running("web");
      const client = await halfClosed(port, request);
      while (client.text() === "") await new Promise((resolve) => setTimeout(resolve, 2));
      await stop("web");
      await stopped(uuid);
      await client.ended;
      assert.equal(client.text(), first + second);
    }).timeout(3_000);
  }

  it("waits for the response to a half-closed request, whatever the limit of half-closed connections", async () => {
    platform.guests.set("web", neverCloses(`${OK}Content-Length: 2\r\n\r\n`, "ok"));
    const { uuid } = await running("web");
    const client = await halfClosed(port, GET);
    await client.said("OK");
    await stop("web", { half_closed_timeout_ms: 0 });
    await stopped(uuid);
    assert.match(client.text(), /\r\nok$/);
    assert.deepEqual(await drainOf(uuid), { open: 0, finished: 1, moved: 0, half_closed: 0, cut: 0 });
  }).timeout(3_000);

  it("waits for a response that ends with its connection", async () => {
    platform.guests.set("web", {
      ...webGuest("web"),
      serve: (socket) =>
        void socket.once("data", () => {
          socket.write("HTTP/1.0 200 OK\r\n\r\nfirst");
          setTimeout(() => socket.end(" and last"), 200);
        }),
    });
    const { uuid } = await running("web");
    const client = await connect(port, "GET / HTTP/1.0\r\n\r\n");
    await client.said("first");
    await stop("web");
    await client.ended;
    assert.equal(client.text(), "HTTP/1.0 200 OK\r\n\r\nfirst and last");
    await stopped(uuid); // although the client has not closed its side
  }).timeout(3_000);

  /** [name, first bytes of the client, response] of connections whose end is not known from the bytes. */
  const UNKNOWN: readonly (readonly [string, string, string])[] = [
    ["of another protocol", "QUERY", ""],
    ["without a byte", "", ""],
    ["after an upgrade", `GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n`, "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["with a response that ends with it", GET, `${OK}\r\nsome`],
  ];
  for (const [name, request, response] of UNKNOWN) {
    it(`waits for a half-closed connection ${name} until it had no byte for the limit`, async () => {
      platform.guests.set("web", { ...neverCloses(response, "more"), onStop: { kind: "exited", exitCode: 0 } });
      const { uuid } = await running("web");
      const client = await halfClosed(port, request);
      if (response === "") await connected(uuid, 1);
      else await client.said(response);
      const startMs = performance.now();
      await stop("web", { half_closed_timeout_ms: 400 });
      await stopped(uuid);
      await client.ended;
      const expected = request === "" ? 400 : 550; // 150 ms after the request there are more bytes
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs > expected - 50 && tookMs < expected + 1_000, String(tookMs));
      assert.equal(client.text(), request === "" ? "" : `${response}more`);
      assert.deepEqual(await drainOf(uuid), { open: 0, finished: 0, moved: 0, half_closed: 1, cut: 0 });
    }).timeout(3_000);
  }

  it("waits for a half-closed connection until the drain timeout if it has no limit of its own", async () => {
    platform.guests.set("web", neverCloses(""));
    const { uuid } = await running("web");
    await halfClosed(port, "QUERY");
    await connected(uuid, 1);
    await stop("web", { drain_timeout_ms: 300 });
    await stopped(uuid);
    const { elapsed_ms: elapsedMs, ...counts } = (await platform.instance(uuid))["drain"] as Record<string, number>;
    assert.deepEqual(counts, { open: 0, finished: 0, moved: 0, half_closed: 0, cut: 1 });
    assert.ok(elapsedMs !== undefined && elapsedMs >= 298 && elapsedMs < 1_000, String(elapsedMs));
  });

  it("moves idle connections to another member without closing them, and counts what became of each", async () => {
    platform.guests.set("old", {
      ...webGuest("old"),
      serve: (socket) => {
        socket.allowHalfOpen = true;
        socket.on("data", (chunk: Buffer) => {
          if (chunk.toString().startsWith("GET ")) socket.write(`${OK}Content-Length: 3\r\n\r\nold`);
          if (chunk.toString() === "BYE") socket.end();
        });
      },
    });
    const { uuid } = await running("old");
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = () => sendHttp(`http://127.0.0.1:${port}/`, "GET", {}, undefined, agent);
    assert.equal((await get()).text, "old");
    const [before] = Object.values(agent.freeSockets).flat();
    const stuck = await connect(port, "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n");
    const finishing = await connect(port, "QUERY");
    const half = await halfClosed(port, "QUERY");
    await connected(uuid, 3); // and an idle one
    await running("new");
    await stop("old", { drain_timeout_ms: 500, half_closed_timeout_ms: 100 });
    finishing.socket.end("BYE");
    await platform.waitForItem(uuid, ({ drain }) => (drain as { open: number }).open === 1);
    assert.equal((await platform.instance(uuid))["state"], "draining");
    await stopped(uuid);
    assert.deepEqual(await drainOf(uuid), { open: 0, finished: 1, moved: 1, half_closed: 1, cut: 1 });
    assert.equal((await get()).text, "new");
    assert.deepEqual(Object.values(agent.freeSockets).flat(), [before]);
    agent.destroy();
    for (const { socket } of [stuck, half]) socket.destroy();
  });

  it("closes a connection that its own end completes, and does not move it", async () => {
    platform.guests.set("old", neverCloses(`${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok`));
    const { uuid } = await running("old");
    const client = await connect(port, GET);
    await client.said("ok");
    await running("new");
    await stop("old");
    await client.ended;
    await stopped(uuid);
    assert.deepEqual(await drainOf(uuid), { open: 0, finished: 1, moved: 0, half_closed: 0, cut: 0 });
  }).timeout(3_000);

  it("is reported until the next start", async () => {
    const { uuid } = await running("web");
    assert.equal((await platform.instance(uuid))["drain"], undefined);
    await stop("web");
    await stopped(uuid);
    assert.deepEqual(await drainOf(uuid), { open: 0, finished: 0, moved: 0, half_closed: 0, cut: 0 });
    await platform.api("PUT", "/v1/instances/start", [{ uuid, timeout_s: 5 }]);
    assert.equal((await platform.instance(uuid))["drain"], undefined);
  });
});

describe("a member that is not draining", () => {
  it("is left by a half-closed connection after the response", async () => {
    const platform = await TestPlatform.open();
    await platform.start();
    const port = await freePort();
    platform.guests.set("web", neverCloses(`${OK}Content-Length: 2\r\n\r\nok`));
    const { uuid } = await platform.createRunning({ name: "web", service_group: { services: [{ port }] } });
    const client = await halfClosed(port, GET);
    await client.ended;
    assert.match(client.text(), /\r\nok$/);
    while ((await connectionsOf(platform, uuid)) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await platform.close();
  }).timeout(3_000);
});

describe("a half-closed TLS connection", () => {
  it("gets its response, and then leaves the instance", async () => {
    const platform = await TestPlatform.open();
    await platform.start();
    const port = await freePort();
    platform.guests.set("web", neverCloses(`${OK}Content-Length: 4\r\n\r\nok`, "ok"));
    const services = [{ port, destination_port: 80, handlers: ["tls"] }];
    const { uuid } = await platform.createRunning({ name: "web", service_group: { services } });
    const client = tls.connect({
      socket: net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }),
      rejectUnauthorized: false,
    });
    let text = "";
    client.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise((resolve) => client.once("end", resolve));
    client.end(GET);
    await ended;
    assert.match(text, /\r\nokok$/);
    while ((await connectionsOf(platform, uuid)) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await platform.close();
  }).timeout(3_000);
});
