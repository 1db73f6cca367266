import assert from "node:assert/strict";
import { hostWithoutPort, parseRequestHost } from "../../../../../provider/platform/proxy/ports/requestHost";

describe("the host of a request", () => {
  const hostOf = (head: string): unknown => parseRequestHost(Buffer.from(`${head}\r\n\r\n`));
  const cases: [head: string, host: string | undefined][] = [
    ["GET / HTTP/1.1\r\nHost: shop.localhost", "shop.localhost"],
    ["GET / HTTP/1.1\r\nAccept: */*\r\nhOST:\tShop.Localhost:8080  ", "shop.localhost"],
    ["GET / HTTP/1.1\r\nHost: shop.localhost.:80", "shop.localhost"],
    ["GET http://other.localhost:81/x HTTP/1.1\r\nHost: shop.localhost", "other.localhost"],
    ["GET / HTTP/1.1\r\nHost: [::1]:8080", "::1"],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1", "127.0.0.1"],
    ["GET / HTTP/1.0", undefined],
    ["GET / HTTP/1.1\r\nHost: a\r\nHost: b", undefined],
    ["GET / HTTP/1.1\r\nHost: a@b", undefined],
    ["GET / HTTP/1.1\r\nHost:", undefined],
    ["GET / HTTP/1.1\r\nX-Host: a", undefined],
    ["not http at all", undefined],
  ];
  for (const [head, host] of cases) {
    it(`is ${host ?? "unknown"}: ${JSON.stringify(head)}`, () =>
      assert.deepEqual(hostOf(head), { kind: "complete", host }));
  }

  it("is not looked for in an incomplete head or in a body", () => {
    assert.equal(parseRequestHost(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n")).kind, "incomplete");
    assert.deepEqual(parseRequestHost(Buffer.from("POST / HTTP/1.1\n\nHost: a\r\n\r\n")), {
      kind: "complete",
      host: undefined,
    });
  });

  it("may stand in brackets only as an IPv6 address", () => {
    assert.equal(hostWithoutPort("[shop]"), undefined);
    assert.equal(hostWithoutPort("::1"), undefined);
  });
});
