/** Limits of size, speed and syntax of requests, and requests whose client disconnects. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { ITEM_CODES } from "../../../provider/contract/codes";
import { MAX_BODY_BYTES, MAX_DISCARDED_BYTES } from "../../../provider/platform/http/limits";
import { RawConnection, type RawResponse, rawRequest } from "../../support/rawHttp";
import { startRecordingApi, type RecordingApi } from "../../support/recordingApi";

/** Asserts an envelope as response. */
function assertRejected(answer: RawResponse | undefined, status: number, code: keyof typeof ITEM_CODES): void {
  assert.equal(answer?.status, status, answer?.body);
  assert.match(answer.headers, /content-type: application\/json/i);
  const { message, errors, ...rest } = JSON.parse(answer.body) as Record<string, unknown>;
  assert.equal(rest["status"], "error");
  assert.equal(typeof rest["op_time_us"], "number");
  assert.equal(typeof message, "string");
  assert.deepEqual(errors, [{ status, message, error: ITEM_CODES[code] }]);
}

describe("the limits of the local API", () => {
  let api: RecordingApi;
  let authorization: Readonly<Record<string, string>>;
  before(async () => {
    api = await startRecordingApi();
    authorization = { authorization: `Bearer ${api.token}` };
  });
  after(() => api[Symbol.asyncDispose]());

  const health = () => rawRequest("GET", "/v1/healthz", authorization);

  it("reject a body over 8 MB with 413 and serve the next two requests", async () => {
    const connection = await RawConnection.open(api.url);
    const large = rawRequest("POST", "/v1/volumes", authorization, `"${"x".repeat(MAX_BODY_BYTES)}"`);
    const [first, second, third] = await connection.exchange(large + health() + health(), 3);
    assertRejected(first, 413, "TooLong");
    assert.deepEqual([second?.status, third?.status], [200, 200]);
    connection.socket.destroy();
  });

  it("serve two requests after a body that was rejected unread or as malformed", async () => {
    for (const [headers, body, status, code] of [
      [{}, "x".repeat(100_000), 401, "NotAllowed"],
      [authorization, "{", 400, "MalformedRequest"],
    ] as const) {
      const connection = await RawConnection.open(api.url);
      const bytes = rawRequest("POST", "/v1/volumes", headers, body) + health() + health();
      const [first, second, third] = await connection.exchange(bytes, 3);
      assertRejected(first, status, code);
      assert.deepEqual([second?.status, third?.status], [200, 200]);
      connection.socket.destroy();
    }
  });

  it("accept a body of exactly 8 MB", async () => {
    const connection = await RawConnection.open(api.url);
    const body = `"${"x".repeat(MAX_BODY_BYTES - 2)}"`;
    const [answer] = await connection.exchange(rawRequest("POST", "/v1/volumes", authorization, body));
    assertRejected(answer, 400, "MalformedRequest");
    connection.socket.destroy();
  });

  it("respond to an endless body and then close the connection", async () => {
    const connection = await RawConnection.open(api.url);
    const head = { ...authorization, "transfer-encoding": "chunked" };
    const start = rawRequest("POST", "/v1/volumes", head).replace("content-length: 0\r\n", "");
    const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(0x100000, "x"), Buffer.from("\r\n")]);
    const first = connection.exchange(start + chunk.toString("latin1").repeat(9));
    assertRejected((await first)[0], 413, "TooLong");
    let sent = 9;
    while (!connection.socket.destroyed && sent < 200) {
      sent++;
      if (!connection.socket.write(chunk)) {
        await Promise.race([connection.closed, new Promise((resolve) => connection.socket.once("drain", resolve))]);
      }
    }
    await connection.closed;
    assert.ok(sent * 0x100000 > MAX_DISCARDED_BYTES / 2, "it was not cut before a client could read the answer");
    assert.ok(sent < 200, `${sent} MiB were taken`);
  });

  it("reject a body that is not UTF-8", async () => {
    const connection = await RawConnection.open(api.url);
    const bytes = Buffer.concat([
      Buffer.from(rawRequest("POST", "/v1/volumes", { ...authorization, "content-length": "3" })),
      Buffer.from([0x22, 0xff, 0x22]),
    ]);
    assertRejected((await connection.exchange(bytes))[0], 400, "MalformedRequest");
    connection.socket.destroy();
  });

  it("allow 1000 uuids in a query, and reject longer ones with 414 and larger headers with 431", async () => {
    const ask = async (target: string, headers: Readonly<Record<string, string>> = {}) => {
      const connection = await RawConnection.open(api.url);
      const [answer] = await connection.exchange(rawRequest("GET", target, { ...authorization, ...headers }));
      connection.socket.destroy();
      return answer;
    };
    const uuid = "11111111-1111-4111-8111-111111111111";
    const query = (count: number) => `/v1/volumes?${Array.from({ length: count }, () => `uuid=${uuid}`).join("&")}`;
    assert.equal((await ask(query(1000)))?.status, 200);
    assert.equal(api.calls.at(-1)?.selectors.length, 1000);
    assertRejected(await ask(query(1001)), 400, "TooMany");
    assertRejected(await ask(query(1300)), 414, "TooLong");
    assertRejected(await ask(query(3000)), 431, "TooLong");
    assertRejected(await ask("/v1/volumes", { "x-large": "x".repeat(70_000) }), 431, "TooLong");
  });

  it("respond to bytes that are not HTTP with an envelope and close the connection", async () => {
    for (const bytes of [
      "hello\r\n\r\n",
      "\0\u0001\u0002\r\n\r\n",
      rawRequest("GET", "/v1/volumes", { ...authorization, "content-length": "many" }),
      rawRequest("GET", "/v1/volumes", authorization).replace("host: localhost\r\n", "no colon\r\n"),
      rawRequest("POST", "/v1/volumes", { ...authorization, "transfer-encoding": "chunked" }).replace("content-length: 0\r\n", "") + "nonsense\r\n", // prettier-ignore
    ]) {
      const connection = await RawConnection.open(api.url);
      assertRejected((await connection.exchange(bytes))[0], 400, "MalformedRequest");
      await connection.closed;
    }
  });

  it("send the response to a complete request before the error for the bytes behind it", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await using slow = await startRecordingApi(async () => {
      await held;
      return { items: [] };
    });
    const connection = await RawConnection.open(slow.url);
    const request = rawRequest("GET", "/v1/volumes", { authorization: `Bearer ${slow.token}` });
    const asked = connection.exchange(`${request}garbage\r\n\r\n`, 2);
    while (slow.calls.length === 0) await turn();
    release();
    const [first, second] = await asked;
    assert.equal(first?.status, 200);
    assertRejected(second, 400, "MalformedRequest");
    await connection.closed;
  });

  it("respond with 408 to a request that takes too long to arrive", async () => {
    await using hasty = await startRecordingApi(undefined, { headersTimeoutMs: 50, requestTimeoutMs: 100 });
    const head = { authorization: `Bearer ${hasty.token}` };
    for (const bytes of [
      "GET /v1/volumes HTTP/1.1\r\nhost: localhost\r\n",
      rawRequest("POST", "/v1/volumes", { ...head, "content-length": "10" }, "{"),
    ]) {
      const connection = await RawConnection.open(hasty.url);
      assertRejected((await connection.exchange(bytes))[0], 408, "TimedOut");
      await connection.closed;
    }
    while (hasty.inFlight() > 0) await turn();
  });

  it("serve a request with an unknown Expect header", async () => {
    const connection = await RawConnection.open(api.url);
    const bytes = rawRequest("GET", "/v1/healthz", { ...authorization, expect: "miracles" });
    assert.equal((await connection.exchange(bytes))[0]?.status, 200);
    connection.socket.destroy();
  });

  it("end every wait of a client that disconnects, also pipelined ones", async () => {
    const aborted: string[] = [];
    await using waiting = await startRecordingApi(
      ({ selectors, signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted.push(JSON.stringify(selectors));
            resolve({ items: [] });
          });
        }),
    );
    const connection = await RawConnection.open(waiting.url);
    const wait = (name: string) =>
      rawRequest("GET", `/v1/instances/wait?name=${name}`, { authorization: `Bearer ${waiting.token}` });
    connection.socket.write(wait("a") + wait("b") + wait("c"));
    while (waiting.calls.length < 3) await turn();
    assert.equal(waiting.inFlight(), 3);
    connection.socket.destroy();
    while (aborted.length < 3) await turn();
    assert.deepEqual(aborted.sort(), ['[{"name":"a"}]', '[{"name":"b"}]', '[{"name":"c"}]']);
    assert.equal(waiting.inFlight(), 0);
  });

  it("hold for many connections at once", async () => {
    const connections = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(api.url)));
    const answers = await Promise.all(
      connections.map((connection, index) => connection.exchange(index % 2 === 0 ? health() : "garbage\r\n\r\n")),
    );
    assert.deepEqual(
      answers.map(([answer]) => answer?.status),
      connections.map((_, index) => (index % 2 === 0 ? 200 : 400)),
    );
    for (const { socket } of connections) socket.destroy();
  });
});
