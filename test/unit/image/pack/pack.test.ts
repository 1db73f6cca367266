import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../../provider/base/digest";
import { UnikernelError } from "../../../../provider/base/errors";
import { fromErofs } from "../../../../provider/image/erofs/read";
import { describeFile } from "../../../../provider/image/pack/contentReader";
import { digestContents } from "../../../../provider/image/pack/digestContents";
import { FileDigests } from "../../../../provider/image/pack/fileDigests";
import { type RootfsFormat, packTree } from "../../../../provider/image/pack/packTree";
import { fromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import type { FileTree } from "../../../../provider/image/rootfs/tree";

const FORMATS: readonly RootfsFormat[] = ["cpio", "erofs"];
const OLD = new Date("2020-01-01");

describe("packing a tree", () => {
  let folder: string;
  let source: string;
  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "pack-")));
    source = path.join(folder, "source");
    await fs.mkdir(source);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const contents = (tree: FileTree) =>
    [...tree].flatMap(([name, entry]) => (entry.type === "file" ? [{ name, content: entry.content }] : []));

  it("gives the same digest into a file and into a hash, and the file has it", async () => {
    await fs.writeFile(path.join(source, "large"), Buffer.alloc(3 * 2 ** 20 + 17, "large"));
    await fs.writeFile(path.join(source, "small"), "small");
    const tree = await fromDirectory(source);
    for (const format of FORMATS) {
      const file = path.join(folder, format);
      const packed = await packTree(tree, format, { file });
      assert.deepEqual(await packTree(tree, format, "digest"), packed);
      const bytes = await fs.readFile(file);
      assert.deepEqual(packed, { digest: digestOf(bytes), sizeBytes: bytes.length });
    }
  });

  it("writes holes for zeros, also at the end", async () => {
    await fs.writeFile(path.join(source, "sparse"), "");
    await fs.truncate(path.join(source, "sparse"), 64 * 2 ** 20);
    const file = path.join(folder, "image");
    const { sizeBytes } = await packTree(await fromDirectory(source), "erofs", { file });
    const { size, blocks } = await fs.stat(file);
    assert.equal(size, sizeBytes);
    assert.ok(blocks * 512 < 8 * 2 ** 20, `${blocks} blocks are allocated`);
  });

  it("collects the digests of files on the way", async () => {
    await fs.writeFile(path.join(source, "a"), "first");
    await fs.writeFile(path.join(source, "b"), Buffer.alloc(2 ** 21, "b"));
    const tree = await fromDirectory(source);
    const digests = new FileDigests();
    await packTree(tree, "cpio", "digest", { digests });
    assert.deepEqual(
      contents(tree).map(({ content }) => digests.get(content)),
      [digestOf("first"), digestOf(Buffer.alloc(2 ** 21, "b"))],
    );
  });

  it("does not read a file again whose digest was saved, unless it changed or is too new", async () => {
    const cache = path.join(folder, "cache/digests");
    const name = path.join(source, "a");
    await fs.writeFile(name, "first");
    // A change of the times is noticed by ctime, which cannot be set. So the file ages for as long as new files are not trusted.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const hashAll = async (): Promise<readonly [string[], boolean[]]> => {
      const files = contents(await fromDirectory(source));
      const digests = await FileDigests.load(cache);
      const needed = files.map(({ content }) => digests.needs(content));
      const all = await digestContents(files, digests);
      await digests.save(cache);
      return [all, needed];
    };
    assert.deepEqual(await hashAll(), [[digestOf("first")], [true]]);
    assert.deepEqual(await hashAll(), [[digestOf("first")], [false]]);
    const saved = await fs.readFile(cache, "latin1");
    await fs.writeFile(cache, saved.replace(digestOf("first").slice(7), digestOf("other").slice(7)));
    assert.deepEqual(await hashAll(), [[digestOf("first")], [true]], "a damaged cache is not used");
    await fs.writeFile(name, "other");
    await fs.utimes(name, OLD, OLD);
    assert.deepEqual(await hashAll(), [[digestOf("other")], [true]]);
    assert.deepEqual(await hashAll(), [[digestOf("other")], [true]], "the file is too new");
  });

  it("fails if a file is written to while it is read, and names it", async () => {
    await fs.writeFile(path.join(source, "a"), "first");
    const tree = await fromDirectory(source);
    const digests = new FileDigests();
    await digestContents(contents(tree), digests);
    const [content] = contents(tree);
    assert.ok(content);
    // As if the file had changed with neither its size nor its times, within one step of the file system's clock.
    assert.throws(
      () => digests.record("a", content.content, digestOf("fired")),
      (error) => UnikernelError.has(error, "CONTEXT_INVALID") && error.message.includes("'/a'"),
    );
    for (const format of FORMATS) {
      const listed = await fromDirectory(source);
      await fs.appendFile(path.join(source, "a"), "!");
      await assert.rejects(
        packTree(listed, format, "digest"),
        (error) => UnikernelError.has(error, "CONTEXT_INVALID") && /'\/a' changed .* bytes and has/.test(error.message),
      );
    }
  });

  it("stops on abort, also in the middle of a file", async () => {
    await fs.writeFile(path.join(source, "sparse"), "");
    await fs.truncate(path.join(source, "sparse"), 2 ** 32);
    const tree = await fromDirectory(source);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await assert.rejects(packTree(tree, "erofs", "digest", { signal: controller.signal }), /enough/);
  });

  it("rejects what EROFS cannot store", async () => {
    const tree: FileTree = new Map([
      ["n".repeat(256), { type: "file", mode: 0o644, content: { bytes: Buffer.from("x") } }],
      ["empty", { type: "symlink", target: "" }],
      ["long", { type: "symlink", target: "t".repeat(4096) }],
    ]);
    await assert.rejects(packTree(tree, "erofs", "digest"), (error) => {
      assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"));
      assert.equal(error.message.split("\n").length, 3);
      return true;
    });
  });

  it("reads EROFS images with bounds: a changed byte gives an error or a tree, never anything else", async () => {
    await fs.writeFile(path.join(source, "a"), "content");
    await fs.mkdir(path.join(source, "d"));
    await fs.symlink("a", path.join(source, "d/link"));
    const image = path.join(folder, "image");
    await packTree(await fromDirectory(source), "erofs", { file: image });
    const bytes = await fs.readFile(image);
    for (let offset = 1152; offset < 1152 + 5 * 32; offset++) {
      const damaged = Buffer.from(bytes);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0xff;
      damaged.writeUInt32LE(0, 1024 + 8); // no checksum
      await fs.writeFile(image, damaged);
      await fromErofs(describeFile(image), "image").catch((error: unknown) => {
        assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"), `byte ${offset}: ${String(error)}`);
      });
    }
  });
});
