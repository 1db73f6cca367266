/** What the program in an instance may answer to a request that the platform sends it, and what the platform makes of it. */
import assert from "node:assert/strict";
import type * as net from "node:net";
import * as zlib from "node:zlib";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

const TIMEOUT_MS = 500;
const OK = "HTTP/1.1 200 OK\r\n";
const LOADED = '{"status":"loaded"}';
const CLOSED = "closed the connection without a response to /reload";
const LATE = `did not respond to /reload within ${TIMEOUT_MS} ms`;

/** Writes for ever. */
function repeat(socket: net.Socket, head: string, text: string | Buffer): void {
  const send = (): void => {
    if (socket.destroyed) return;
    if (socket.write(text)) setImmediate(send);
    else socket.once("drain", send);
  };
  socket.write(head);
  send();
}
const coded = (coding: string, content: Buffer) => (socket: net.Socket) => {
  socket.write(`${OK}Content-Encoding: ${coding}\r\nContent-Length: ${content.length}\r\n\r\n`);
  socket.end(content);
};
/** 64 MiB of zeros. */
const BOMB = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));

const ANSWERS: readonly (readonly [string, (socket: net.Socket) => void, object])[] = [
  ["nothing", () => undefined, { problem: LATE }],
  ["the end of the connection", (socket) => void socket.end(), { problem: CLOSED }],
  ["a reset", (socket) => void socket.resetAndDestroy(), { problem: CLOSED }],
  ["no HTTP", (socket) => void socket.write("\0\u0001nonsense\r\n\r\n"), { problem: CLOSED }],
  ["headers without end", (socket) => repeat(socket, OK, `A: ${"b".repeat(1_000)}\r\n`), { problem: CLOSED }],
  ["100 Continue without end", (socket) => repeat(socket, "", "HTTP/1.1 100 Continue\r\n\r\n"), { problem: LATE }],
  ["half a body", (socket) => void socket.end(`${OK}Content-Length: 9\r\n\r\nhalf`), { problem: CLOSED }],
  ["a body that stops", (socket) => void socket.write(`${OK}Content-Length: 9\r\n\r\nhalf`), { problem: LATE }],
  [
    "a body without end",
    (socket) => repeat(socket, `${OK}Transfer-Encoding: chunked\r\n\r\n`, `1000\r\n${"x".repeat(4096)}\r\n`),
    { http_status: 200 },
  ],
  [
    "a body of 1 GiB",
    (socket) => repeat(socket, `${OK}Content-Length: 1073741824\r\n\r\n`, "x".repeat(4096)),
    { http_status: 200 },
  ],
  ["HTTP/1.0", (socket) => void socket.end("HTTP/1.0 200 OK\r\n\r\nold"), { http_status: 200, body: "old" }],
  ["gzip", coded("gzip", zlib.gzipSync(LOADED)), { http_status: 200, body: LOADED }],
  ["deflate", coded("deflate", zlib.deflateSync(LOADED)), { http_status: 200, body: LOADED }],
  ["brotli", coded("br", zlib.brotliCompressSync(LOADED)), { http_status: 200, body: LOADED }],
  ["gzip of much more", coded("gzip", BOMB), { http_status: 200 }],
  ["no gzip under its name", coded("gzip", Buffer.from("plain text")), { problem: CLOSED }],
];

describe("a program that answers a request of the platform with", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  for (const [what, answer, expected] of ANSWERS)
    it(`${what}: it is taken for what it is, in time`, async () => {
      platform.guests.set("a", {
        serve: (socket: net.Socket) => void socket.on("error", () => undefined).once("data", () => answer(socket)),
        onStop: { kind: "exited", exitCode: 0 },
      });
      const service_group = { services: [{ port: await freePort(), destination_port: 80 }] };
      const { uuid } = await platform.createRunning({ name: "a", service_group });
      const beganMs = performance.now();
      const request = { uuid, port: 80, path: "/reload", headers: {}, timeout_ms: TIMEOUT_MS };
      const {
        status,
        uuid: _uuid,
        name: _name,
        ...item
      } = await platform.requestItem("PUT", "/v1/instances/request", [request]);
      assert.deepEqual([status, item], ["success", expected]);
      assert.ok(performance.now() - beganMs < TIMEOUT_MS + 1_500);
      assert.equal((await platform.instance(uuid))["state"], "running");
    });
});
