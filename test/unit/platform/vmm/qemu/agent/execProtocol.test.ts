import assert from "node:assert/strict";
import {
  encodeCommand,
  encodeExecLine,
  encodeInput,
  OutputReader,
} from "../../../../../../provider/platform/vmm/qemu/agent/execProtocol";

const NONCE = "0123456789abcdef0123456789abcdef";

describe("the protocol of commands", () => {
  it("quotes every argument", () => {
    assert.equal(encodeExecLine(2, NONCE), `\nexec 2 ${NONCE}\n`);
    assert.equal(
      encodeCommand(NONCE, ["echo", "", "a b", "$(x) `y` *", 'say "hi"', "back\\slash", "two\nlines", "é"]),
      `${NONCE} "echo" "" "a b" "$(x) \`y\` *" "say \\x22hi\\x22" "back\\x5cslash" "two\\x0alines" "é"\n`,
    );
  });

  it("refuses what no program can get, and does not quote it", () => {
    for (const args of [
      [],
      [""],
      ["A=secret"],
      ["echo", "secret\0"],
      ["echo", "secret\ud800"],
      ["echo", "secret".repeat(30_000)],
      ["echo", ...Array.from({ length: 10 }, () => "secret".repeat(10_000))],
    ]) {
      assert.throws(
        () => encodeCommand(NONCE, args),
        (error: Error & { code: string }) => error.code === "INPUT_INVALID" && !error.message.includes("secret"),
      );
    }
  });

  it("sends the input in pieces, and its end", () => {
    assert.equal(Buffer.concat([...encodeInput(Buffer.alloc(0))]).toString(), "0\n");
    assert.equal(Buffer.concat([...encodeInput(Buffer.from("12\n0\n"))]).toString(), "5\n12\n0\n0\n");
    const sizes = [...encodeInput(Buffer.alloc(70_000))].map((piece) => piece.length);
    assert.deepEqual(sizes, ["32768\n".length + 32_768, "32768\n".length + 32_768, "4464\n".length + 4_464, 2]);
  });

  it("finds the output however it arrives", () => {
    const output = Buffer.from(`\0\xff=007\n${NONCE}=x\n${NONCE.slice(1)}=001\n`, "latin1");
    const stale = Buffer.from(`of an earlier command\n${"f".repeat(32)}=000\n`);
    const all = Buffer.concat([stale, Buffer.from(`${NONCE}\n`), output, Buffer.from(`${NONCE}=127\n`)]);
    for (const size of [1, 7, 36, 37, 38, all.length]) {
      const reader = new OutputReader(NONCE);
      const got: Uint8Array[] = [];
      const codes: (number | undefined)[] = [];
      for (let at = 0; at < all.length; at += size) {
        const { bytes, exitCode } = reader.read(all.subarray(at, at + size));
        got.push(bytes);
        codes.push(exitCode);
      }
      assert.deepEqual(Buffer.concat(got), output, `in pieces of ${size} bytes`);
      assert.equal(codes.pop(), 127);
      assert.ok(codes.every((code) => code === undefined));
    }
  });

  it("passes on at once what cannot be the end", () => {
    const reader = new OutputReader(NONCE);
    assert.equal(Buffer.from(reader.read(Buffer.from(`${NONCE}\nbegun\n`)).bytes).toString(), "begun\n");
    assert.equal(Buffer.from(reader.read(Buffer.from(`x${NONCE}=1`)).bytes).toString(), "x");
    assert.equal(Buffer.from(reader.read(Buffer.from("y")).bytes).toString(), `${NONCE}=1y`);
  });

  it("takes nothing for the end that only looks like one", () => {
    const reader = new OutputReader(NONCE);
    assert.equal(reader.hasBegun, false);
    reader.read(Buffer.from(`${NONCE}\n`));
    assert.equal(reader.hasBegun, true);
    assert.equal(reader.read(Buffer.from(`${"f".repeat(32)}=000\n`)).exitCode, undefined);
    assert.equal(reader.read(Buffer.from(`${NONCE}=000\nmore`)).exitCode, undefined);
    assert.equal(reader.read(Buffer.from(`${NONCE}=003\n`)).exitCode, 3);
  });
});
