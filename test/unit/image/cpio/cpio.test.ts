import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { digestOf } from "../../../../provider/base/digest";
import { UnikernelError } from "../../../../provider/base/errors";
import { readCpio } from "../../../../provider/image/cpio/read";
import { writeCpio } from "../../../../provider/image/cpio/write";
import { describeFile } from "../../../../provider/image/pack/contentReader";
import { completeTree } from "../../../../provider/image/rootfs/completeTree";
import type { FileTree, TreeEntry } from "../../../../provider/image/rootfs/tree";

const file = (text: string, mode = 0o644): TreeEntry => ({
  type: "file",
  mode,
  content: { bytes: Buffer.from(text) },
});

const plain = (tree: FileTree): unknown[] =>
  completeTree(tree).map(([name, entry]) =>
    entry.type === "file" && "bytes" in entry.content
      ? [name, entry.mode, Buffer.from(entry.content.bytes).toString("hex")]
      : [name, { ...entry }],
  );

describe("a CPIO archive", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "cpio-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const pack = async (tree: FileTree): Promise<Buffer> => {
    const target = path.join(folder, "out.cpio");
    await writeCpio(tree, target);
    return fs.readFile(target);
  };

  it("contains one file byte by byte as the format specifies", async () => {
    const bytes = await pack(new Map([["a", file("hello")]]));
    const number = (value: number): string => value.toString(16).padStart(8, "0").toUpperCase();
    const header = (fields: number[]): string => "070701" + fields.map(number).join("");
    const expected = [
      header([1, 0o100644, 0, 0, 1, 0, 5, 0, 0, 0, 0, 2, 0]) + "a\0",
      "hello\0\0\0",
      header([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0]) + "TRAILER!!!\0\0\0\0",
    ].join("");
    assert.equal(bytes.toString("latin1"), expected.padEnd(512, "\0"));
  });

  it("reports its size and digest", async () => {
    const target = path.join(folder, "out.cpio");
    const result = await writeCpio(new Map([["x/y", file("1")]]), target);
    const bytes = await fs.readFile(target);
    assert.deepEqual(result, { sizeBytes: bytes.length, digest: digestOf(bytes) });
    assert.equal(bytes.length % 512, 0);
  });

  it("does not depend on the order of the entries", async () => {
    const rows: [string, TreeEntry][] = [
      ["b", file("2")],
      ["a-b", file("3")],
      ["a/c", file("1")],
      ["z", { type: "symlink", target: "/b" }],
    ];
    assert.deepEqual(await pack(new Map(rows)), await pack(new Map(rows.toReversed())));
  });

  it("contains missing parent folders with mode 0755 before their content", async () => {
    const tree = readCpio(await pack(new Map([["a/b/c", file("1")]])));
    assert.deepEqual([...tree.keys()], ["a", "a/b", "a/b/c"]);
    assert.deepEqual(tree.get("a/b"), { type: "directory", mode: 0o755 });
  });

  it("unpacks to the tree that was packed", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
      .filter(
        (text) => !/[/\0]/.test(text) && text !== "." && text !== ".." && text.isWellFormed() && text !== "TRAILER!!!",
      );
    const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
      fc.record({
        type: fc.constant("file" as const),
        mode: fc.integer({ min: 0, max: 0o7777 }),
        content: fc.record({ bytes: fc.uint8Array({ maxLength: 40 }) }),
      }),
      fc.record(
        { type: fc.constant("directory" as const), mode: fc.integer({ min: 0, max: 0o7777 }) },
        { noNullPrototype: true },
      ),
      fc.record({
        type: fc.constant("symlink" as const),
        target: fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\0")),
      }),
    );
    // Folders and leaves take their names from disjoint sets, so that no file has entries below it.
    const leaf = fc
      .tuple(fc.array(name, { maxLength: 2 }), name, entry)
      .map(([folders, last, value]): [string, TreeEntry] => [
        [...folders.map((part) => `d${part}`), `f${last}`].join("/"),
        value,
      ]);
    await fc.assert(
      fc.asyncProperty(fc.array(leaf, { maxLength: 6 }), async (rows) => {
        const tree = new Map(rows);
        assert.deepEqual(plain(readCpio(await pack(tree))), plain(tree));
      }),
      { numRuns: 150 },
    );
  });

  it("fails with BUILD_FAILED only, whatever byte is corrupt or missing", async () => {
    const bytes = await pack(
      new Map([
        ["a/b", file("content")],
        ["l", { type: "symlink", target: "a/b" }],
      ]),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (index, value, length) => {
        const broken = Buffer.from(bytes);
        broken[index] = value;
        try {
          readCpio(broken.subarray(0, length));
        } catch (error) {
          assert.ok(UnikernelError.has(error, "BUILD_FAILED"), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is rejected when malformed", async () => {
    const bytes = await pack(new Map([["ab", file("content")]]));
    const text = bytes.toString("latin1");
    const damaged: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      truncated: bytes.subarray(0, 115),
      "wrong magic": Buffer.from(text.replace("070701", "070702"), "latin1"),
      "size beyond the end": Buffer.from(text.replace("00000007", "FFFFFFFF"), "latin1"),
      "climbing name": Buffer.from(text.replace("ab\0", "..\0"), "latin1"),
      "no trailer": bytes.subarray(0, 124),
      "data behind the trailer": Buffer.concat([bytes, Buffer.from("x")]),
      "name without NUL": Buffer.from(text.replace("ab\0", "abc"), "latin1"),
    };
    for (const [what, archive] of Object.entries(damaged)) {
      assert.throws(
        () => readCpio(archive),
        (error) => UnikernelError.has(error, "BUILD_FAILED"),
        what,
      );
    }
  });

  it("rejects a file over 4 GiB and names its path", async () => {
    const big = path.join(folder, "big");
    await fs.writeFile(big, "");
    await fs.truncate(big, 2 ** 32);
    const tree: FileTree = new Map([["var/big", { type: "file", mode: 0o644, content: describeFile(big) }]]);
    await assert.rejects(
      pack(tree),
      (error) => UnikernelError.has(error, "CONTEXT_INVALID") && /\/var\/big.*4 GiB/.test(error.message),
    );
  });

  it("accepts a name of 4095 bytes and rejects one of 4096", async () => {
    const longest = `${"d/".repeat(2047)}n`;
    assert.equal(readCpio(await pack(new Map([[longest, file("1")]]))).has(longest), true);
    await assert.rejects(pack(new Map([[`${longest}m`, file("1")]])), (error) =>
      UnikernelError.has(error, "CONTEXT_INVALID"),
    );
  });

  it("rejects a tree with entries below a file", async () => {
    await assert.rejects(
      pack(
        new Map([
          ["a", file("1")],
          ["a/b", file("2")],
        ]),
      ),
      (error) => UnikernelError.has(error, "CONTEXT_INVALID") && error.message.includes("/a/b"),
    );
  });

  it("has the content once for hard links, with the first of their names", async () => {
    const shared = file("shared");
    const packed = await pack(
      new Map([
        ["b", shared],
        ["a", shared],
        ["c", file("shared")],
      ]),
    );
    const text = packed.toString("latin1");
    assert.equal(text.split("shared").length - 1, 2);
    const header = (name: string): string => text.slice(text.indexOf(`${name}\0`) - 110, text.indexOf(`${name}\0`));
    const fields = (name: string): number[] =>
      [6, 38, 54].map((at) => Number.parseInt(header(name).slice(at, at + 8), 16));
    assert.deepEqual(
      [fields("a"), fields("b"), fields("c")],
      [
        [1, 2, 6],
        [1, 2, 0],
        [2, 1, 6],
      ],
    );
    const tree = readCpio(packed);
    assert.equal(tree.get("a"), tree.get("b"));
    assert.notEqual(tree.get("a"), tree.get("c"));
  });

  it("keeps owners", async () => {
    const owned = readCpio(await pack(new Map([["a", { ...file("1"), uid: 1000, gid: 4_000_000_000 }]]))).get("a");
    assert.deepEqual([owned?.uid, owned?.gid], [1000, 4_000_000_000]);
  });

  it("fails with NO_SPACE on a full disk", async function () {
    if (os.platform() !== "linux") assert.fail("this test needs the full disk that Linux offers as /dev/full");
    await assert.rejects(writeCpio(new Map([["a", file("1")]]), "/dev/full"), (error) =>
      UnikernelError.has(error, "NO_SPACE"),
    );
  });

  it("stops being written on abort", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await assert.rejects(writeCpio(new Map([["a", file("1")]]), path.join(folder, "x"), controller.signal), /enough/);
  });
});
