import assert from "node:assert/strict";
import { answerQuery } from "../../../../provider/platform/network/dns";
import { parseIpv4 } from "../../../../provider/base/ipv4";
import { dnsQuery } from "../../../support/packets";

const resolve = (name: string): number | undefined => (name === "db" ? parseIpv4("172.16.0.17") : undefined);
const answer = (name: string, type?: number): string | undefined =>
  answerQuery(dnsQuery(name, type), resolve)?.toString("hex");

const QUESTION = "0264620869" + "6e7465726e616c00";

describe("the private zone", () => {
  it("has an address for each instance, in any case", () => {
    const record = "c00c00010001000000050004ac100011";
    assert.equal(answer("db.internal"), `123485800001000100000000${QUESTION}00010001${record}`);
    assert.ok(answer("DB.Internal")?.endsWith(record));
  });

  it("has no other records of an instance, and says so without denying its name", () => {
    assert.equal(answer("db.internal", 28), `123485800001000000000000${QUESTION}001c0001`);
  });

  it("denies names that no instance has", () => {
    for (const name of ["nope.internal", "x.db.internal", "internal"])
      assert.equal(answer(name)?.slice(4, 8), "8583", name);
  });

  it("leaves all other messages to the internet", () => {
    for (const name of ["example.org", "db.internal.example.org", "notinternal"]) assert.equal(answer(name), undefined);
    const query = dnsQuery("db.internal");
    for (let length = 0; length < query.length; length++)
      assert.equal(answerQuery(query.subarray(0, length), resolve), undefined, `${length} bytes`);
    const response = Buffer.from(query);
    response.writeUInt16BE(0x8180, 2);
    assert.equal(answerQuery(response, resolve), undefined);
    const pointer = Buffer.from(query);
    pointer.writeUInt8(0xc0, 12);
    assert.equal(answerQuery(pointer, resolve), undefined);
  });
});
