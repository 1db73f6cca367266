import assert from "node:assert/strict";
import { forwardedHead, MAX_FIELDS, type ReceivedHead } from "../../../../../provider/platform/proxy/http/requestHead";

const received = (fields: readonly string[], more: Partial<ReceivedHead> = {}): ReceivedHead => ({
  ...{ httpVersion: "1.1", method: "GET", target: "/", authority: undefined, mayHaveBody: true },
  ...{ clientAddress: "127.0.0.1", isSecure: false, fields: ["Host", "x", ...fields], ...more },
});
const FORWARDED = ["X-Forwarded-For", "127.0.0.1", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "x"];

describe("the head of a request for an instance", () => {
  const fieldsOf = (head: ReceivedHead): readonly string[] => {
    const forwarded = forwardedHead(head);
    return "problem" in forwarded ? assert.fail(forwarded.problem) : forwarded.fields;
  };

  it("says in one way where the body ends", () => {
    assert.deepEqual(fieldsOf(received(["Content-Length", "3"])), ["Host", "x", ...FORWARDED, "Content-Length", "3"]);
    assert.deepEqual(fieldsOf(received(["TRANSFER-ENCODING", "Chunked"])), [
      ...["Host", "x", ...FORWARDED, "Transfer-Encoding", "chunked"],
    ]);
    const http2 = { httpVersion: "2.0", authority: "x", fields: [] };
    assert.deepEqual(fieldsOf(received([], http2)).slice(-2), ["Transfer-Encoding", "chunked"]);
    assert.deepEqual(fieldsOf(received([], { ...http2, mayHaveBody: false })), ["Host", "x", ...FORWARDED]);
  });

  it("joins cookies that HTTP/2 has split", () => {
    const split = received([], { httpVersion: "2.0", authority: "x", fields: ["cookie", "a=1", "cookie", "b=2"] });
    assert.ok(fieldsOf(split).join().includes("Cookie,a=1; b=2"));
  });

  it("asks for a protocol only where an upgrade is passed on", () => {
    const upgrade = received(["Connection", "upgrade", "Upgrade", "websocket"]);
    assert.deepEqual(fieldsOf(upgrade), ["Host", "x", ...FORWARDED]);
    const head = forwardedHead(upgrade, true);
    assert.ok(!("problem" in head));
    assert.deepEqual(head.fields.slice(-4), ["Connection", "Upgrade", "Upgrade", "websocket"]);
  });

  it("is sent again only if that has the same effect", () => {
    const isRepeatable = (method: string, ...fields: string[]): boolean => {
      const head = forwardedHead(received(fields, { method }));
      return !("problem" in head) && head.isRepeatable;
    };
    assert.deepEqual(
      ["GET", "HEAD", "DELETE", "POST", "PATCH"].map((method) => isRepeatable(method)),
      [true, true, true, false, false],
    );
    assert.equal(isRepeatable("PUT", "Content-Length", "3"), false);
  });

  it("has a limited number of fields", () => {
    const most = Array.from({ length: 2 * MAX_FIELDS - 2 }, () => "a");
    assert.ok(!("problem" in forwardedHead(received(most))));
    assert.deepEqual(forwardedHead(received([...most, "a", "a"])), {
      ...{ status: 431, problem: `more than ${MAX_FIELDS} header fields` },
    });
  });
});
