import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type ResponseBody, advanceBody, isUnfinished } from "../../../../provider/platform/proxy/httpResponseBody";

const OK = "HTTP/1.1 200 OK\r\n";
const after = (...chunks: string[]): ResponseBody | undefined =>
  chunks.reduce<ResponseBody | undefined>((body, chunk) => advanceBody(body, Buffer.from(chunk, "latin1")), undefined);

describe("the unfinished part of an HTTP response", () => {
  it("is counted down from its length", () => {
    const head = `${OK}content-length: 4\r\n\r\n`;
    assert.equal(isUnfinished(after(head)), true);
    assert.equal(isUnfinished(after(head, "abc")), true);
    assert.equal(isUnfinished(after(head, "abc", "d")), false);
    assert.equal(isUnfinished(after(`${head}abcd`)), false);
    assert.equal(isUnfinished(after(`${head}abcd`, `${head}a`)), true);
  });

  it("ends with the last chunk, however the bytes are split", () => {
    const head = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
    assert.equal(isUnfinished(after(`${head}0\r\n\r\n`)), false);
    const body = "3\r\nabc\r\n0\r\n\r\n";
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(body.length - 1), (one, two) => {
        const [a, b] = [Math.min(one, two), Math.max(one, two)];
        assert.equal(isUnfinished(after(head + body.slice(0, a), body.slice(a, b))), true);
        assert.equal(isUnfinished(after(head + body.slice(0, a), body.slice(a, b), body.slice(b))), false);
      }),
    );
  });

  it("is unknown for other protocols, for bodies without a length, and for headers in pieces", () => {
    for (const text of ["+PONG\r\n", `${OK}\r\nabc`, OK, "HTTP/1.1 100 Continue\r\n\r\n"]) {
      assert.equal(after(text), undefined, text);
    }
  });

  it("is empty for a status without a body, whatever the length in the header", () => {
    for (const status of ["304 Not Modified", "204 No Content", "101 Switching Protocols"]) {
      const body = after(`HTTP/1.1 ${status}\r\ncontent-length: 9\r\n\r\n`);
      assert.notEqual(body, undefined, status);
      assert.equal(isUnfinished(body), false, status);
    }
  });
});
