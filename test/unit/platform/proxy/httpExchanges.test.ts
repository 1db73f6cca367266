import assert from "node:assert/strict";
import * as fc from "fast-check";
import { HttpExchanges, startsHttpRequest } from "../../../../provider/platform/proxy/httpExchanges";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const OK = "HTTP/1.1 200 OK\r\n";
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** The connection after these requests and responses. */
function after(requests: string, responses: string): HttpExchanges {
  const exchanges = new HttpExchanges(() => undefined);
  exchanges.fromClient(bytes(requests));
  exchanges.fromInstance(bytes(responses));
  return exchanges;
}

/** [request, response] of exchanges that end before the connection does. */
const body = fc.string({ unit: "binary-ascii", maxLength: 20 });
const chunked = fc
  .array(fc.tuple(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 20 }), fc.constantFrom("", ";a=b", " ")))
  .chain((chunks) =>
    fc.constantFrom("", "X-Sum: 1\r\n", "A: 1\r\nB: 2\r\n").map((trailer) => {
      const parts = chunks.map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
      return `${parts.join("")}0\r\n${trailer}\r\n`;
    }),
  );
const requestText = fc.oneof(
  fc.constantFrom("GET", "DELETE", "PURGE").map((method) => `${method} /a?b HTTP/1.1\r\nHost: x\r\n\r\n`),
  fc.constant(`\r\n${GET}`),
  body.map((text) => `POST / HTTP/1.1\r\nContent-Length: ${text.length}\r\n\r\n${text}`),
  chunked.map((text) => `PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n${text}`),
);
const responseText = fc.oneof(
  body.map((text) => `${OK}content-length:${text.length}\r\n\r\n${text}`),
  body.map((text) => `HTTP/1.0 404 \nContent-Length: ${text.length}\n\n${text}`),
  chunked.map((text) => `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n${text}`),
  fc.constant("HTTP/1.1 204 No Content\r\n\r\n"),
  fc.constant("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
  body.map((text) => `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${OK}Content-Length: ${text.length}\r\n\r\n${text}`),
);
const exchange = fc.oneof(
  fc.tuple(requestText, responseText),
  fc.constant(["HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", `${OK}Content-Length: 9\r\n\r\n`] as [string, string]),
);

describe("the HTTP exchanges of a connection", () => {
  it("are answered at the last byte of the last response and not before, however the bytes are split and pipelined", () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat(12)), (list, cuts) => {
        let requests = 0;
        const exchanges = new HttpExchanges(() => void requests++);
        const feed = (text: string, send: (chunk: Buffer) => void): void => {
          for (let at = 0; at < text.length;) {
            const end = Math.min(text.length, at + 1 + (cuts.next().value ?? 0));
            send(bytes(text.slice(at, end)));
            at = end;
            if (at < text.length) assert.equal(exchanges.isIdle && requests === list.length, false);
          }
        };
        feed(list.map(([request]) => request).join(""), (chunk) => exchanges.fromClient(chunk));
        assert.deepEqual([requests, exchanges.isInFlight], [list.length, true]);
        feed(list.map(([, response]) => response).join(""), (chunk) => exchanges.fromInstance(chunk));
        assert.deepEqual([exchanges.isHttp, exchanges.isAnswered, exchanges.isIdle], [true, true, true]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("take turns on a connection that is kept alive", () => {
    const exchanges = after(GET, `${OK}Content-Length: 0\r\n\r\n`);
    assert.equal(exchanges.isIdle, true);
    exchanges.fromClient(bytes("GET /b HT"));
    assert.deepEqual([exchanges.isAnswered, exchanges.isIdle, exchanges.isInFlight], [true, false, true]);
    exchanges.fromClient(bytes("TP/1.1\r\n\r\n"));
    assert.equal(exchanges.isAnswered, false);
  });

  it("end with the connection if the response has no length", () => {
    for (const head of [`${OK}\r\n`, "HTTP/1.0 200 OK\r\n\r\n", `${OK}Transfer-Encoding: gzip\r\n\r\n`]) {
      const exchanges = after(GET, `${head}some bytes`);
      assert.deepEqual([exchanges.isInFlight, exchanges.endsWithConnection], [true, true], head);
      exchanges.instanceEnded();
      assert.deepEqual([exchanges.isIdle, exchanges.endsWithConnection], [true, false], head);
    }
  });

  it("await another request only if both sides keep the connection open", () => {
    const empty = "Content-Length: 0\r\n\r\n";
    assert.equal(after(GET, OK + empty).awaitsRequest, true);
    assert.equal(after(GET, `${OK}Connection: close\r\n${empty}`).awaitsRequest, false);
    assert.equal(after(GET, `HTTP/1.0 200 OK\r\n${empty}`).awaitsRequest, false);
    assert.equal(after("GET / HTTP/1.0\r\n\r\n", OK + empty).awaitsRequest, false);
    const agreed = "Connection: Keep-Alive\r\n";
    assert.equal(after(`GET / HTTP/1.0\r\n${agreed}\r\n`, `HTTP/1.0 200 OK\r\n${agreed}${empty}`).awaitsRequest, true);
    assert.equal(after("GET / HTTP/1.1\r\nconnection: TE, close\r\n\r\n", OK + empty).awaitsRequest, false);
  });

  it("end where another protocol begins", () => {
    const upgrade = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    for (const [request, response] of [
      [upgrade, "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
      ["CONNECT a:1 HTTP/1.1\r\n\r\n", `${OK}Content-Length: 3\r\n\r\n`],
      ["PING\r\n", "+PONG\r\n"],
      ["PRI * HTTP/2.0\r\n\r\n", ""],
      [GET, "hello\r\n"],
      [GET, `${OK}Transfer-Encoding: chunked\r\n\r\nnot a size\r\n`],
      [`GET / HTTP/1.1\r\nA: ${"a".repeat(70_000)}`, ""],
      ["", "220 mail.test ready\r\n"],
    ] as const) {
      const exchanges = after(request, response);
      assert.deepEqual([exchanges.isHttp, exchanges.isInFlight, exchanges.isIdle], [false, false, false], request);
    }
  });

  it("begin with a request line", () => {
    for (const text of [GET, "PURGE /x HTTP/1.0\n\n"]) assert.equal(startsHttpRequest(bytes(text)), true, text);
    for (const text of ["", "GET / HT", "GET / HTTP/1.1", "\x16\x03\x01", "PRI * HTTP/2.0\r\n"])
      assert.equal(startsHttpRequest(bytes(text)), false, text);
  });
});
