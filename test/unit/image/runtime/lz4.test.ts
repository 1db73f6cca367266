import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decodeLz4Legacy } from "../../../../provider/image/runtime/lz4";

/** A legacy frame around blocks written by hand from the format's description. */
function frame(...blocks: number[][]): Buffer {
  const parts = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([size, Buffer.from(block)]);
  });
  return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), ...parts]);
}
const ascii = (text: string): number[] => [...Buffer.from(text)];
const unavailable = { code: "RUNTIME_UNAVAILABLE" };

describe("an LZ4 legacy frame", () => {
  it("can contain literals", () => {
    assert.equal(decodeLz4Legacy(frame([0x50, ...ascii("hello")]), 5).toString(), "hello");
  });

  it("can contain matches, including overlapping ones", () => {
    // "abc", then 9 bytes from 3 back, then "!" as last literals
    const block = [0x35, ...ascii("abc"), 3, 0, 0x10, ...ascii("!")];
    assert.equal(decodeLz4Legacy(frame(block), 13).toString(), "abcabcabcabc!");
  });

  it("can contain lengths of several bytes", () => {
    const literals = "x".repeat(15 + 255 + 7);
    assert.equal(decodeLz4Legacy(frame([0xf0, 255, 7, ...ascii(literals)]), literals.length).toString(), literals);
    // one literal, then 4 + 15 + 255 + 1 bytes from 1 back
    const block = [0x1f, ...ascii("z"), 1, 0, 255, 1, 0x10, ...ascii("!")];
    assert.equal(decodeLz4Legacy(frame(block), 277).toString(), `${"z".repeat(276)}!`);
  });

  it("can contain several blocks", () => {
    const frameOfTwo = frame([0x20, ...ascii("ab")], [0x20, ...ascii("cd")]);
    // every block but the last is full, which only its writer can know
    assert.equal(decodeLz4Legacy(frameOfTwo, 4).toString(), "abcd");
  });

  for (const [what, bytes, size] of [
    ["no magic", Buffer.from("nonsense"), 5],
    ["a block beyond the end", frame([0x50, ...ascii("hello")]).subarray(0, -1), 5],
    ["literals beyond the block", frame([0x60, ...ascii("hello")]), 6],
    ["a match before the start", frame([0x10, ...ascii("a"), 2, 0, 0x10, ...ascii("!")]), 6],
    ["a match of offset zero", frame([0x10, ...ascii("a"), 0, 0, 0x10, ...ascii("!")]), 6],
    ["more bytes than announced", frame([0x50, ...ascii("hello")]), 4],
    ["fewer bytes than announced", frame([0x50, ...ascii("hello")]), 6],
  ] as const) {
    it(`is rejected when malformed: ${what}`, () => assert.throws(() => decodeLz4Legacy(bytes, size), unavailable));
  }

  it("fails with the same error only, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(500), (block, size) => {
        try {
          assert.equal(decodeLz4Legacy(frame([...block]), size).length, size);
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, "RUNTIME_UNAVAILABLE");
        }
      }),
    );
  });
});
