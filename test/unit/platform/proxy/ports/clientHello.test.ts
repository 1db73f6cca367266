import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import * as fc from "fast-check";
import { parseClientHello } from "../../../../../provider/platform/proxy/ports/clientHello";

/** What Node's own client sends first. */
function hello(options: tls.ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const transport = new Duplex({ read: () => undefined, write: (chunk: Buffer) => resolve(chunk) });
    tls.connect({ ...options, socket: transport }).on("error", () => undefined);
  });
}

describe("the ClientHello", () => {
  let named: Buffer;
  before(async () => (named = await hello({ servername: "Shop.localhost" })));

  it("tells the server name, in lower case", async () => {
    const expected = { kind: "complete", serverName: "shop.localhost" };
    assert.deepEqual(parseClientHello(named), expected);
    assert.deepEqual(parseClientHello(await hello({ servername: "shop.localhost", maxVersion: "TLSv1.2" })), expected);
  });

  it("may have no server name", async () => {
    assert.deepEqual(parseClientHello(await hello({})), { kind: "complete", serverName: undefined });
  });

  it("is incomplete until its last byte", () => {
    for (let length = 0; length < named.length; length++)
      assert.equal(parseClientHello(named.subarray(0, length)).kind, "incomplete", `${length} bytes`);
  });

  it("may be spread over records of one byte", () => {
    const records = [...named.subarray(5)].map((byte) => Buffer.from([22, 3, 1, 0, 1, byte]));
    assert.deepEqual(parseClientHello(Buffer.concat(records)), { kind: "complete", serverName: "shop.localhost" });
  });

  it("is told from other protocols", () => {
    for (const text of ["GET / HTTP/1.1\r\n", "SSH-2.0-x\r\n", "\x16\x16\x16\x16\x16"])
      assert.equal(parseClientHello(Buffer.from(text, "latin1")).kind, "invalid", text);
    assert.equal(parseClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])).kind, "invalid"); // a ServerHello
    assert.equal(parseClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])).kind, "invalid"); // 16 MiB
  });

  it("never throws, whatever it holds", () => {
    fc.assert(
      fc.property(fc.nat(named.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 20 }), (at, byte, tail) => {
        const damaged = Buffer.concat([named, tail]);
        damaged[at] = byte;
        parseClientHello(damaged);
        parseClientHello(Buffer.from(tail));
      }),
      { numRuns: 2_000 },
    );
  });
});
