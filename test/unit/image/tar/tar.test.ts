import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import * as zlib from "node:zlib";
import * as tar from "tar-stream";
import { UnikernelError } from "../../../../provider/base/errors";
import { ContentReader, describeFile } from "../../../../provider/image/pack/contentReader";
import { type FileTree, sizeOf } from "../../../../provider/image/rootfs/tree";
import type { ArchiveLimits } from "../../../../provider/image/tar/decompress";
import { fromOciLayers, fromTar } from "../../../../provider/image/tar/read";

type Entry = Parameters<ReturnType<typeof tar.pack>["entry"]>[0] & { readonly content?: string };

async function tarOf(...entries: Entry[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { content = "", ...header } of entries) pack.entry(header, content);
  pack.finalize();
  return buffer(pack);
}

const directory = (name: string, rest: Partial<Entry> = {}): Entry => ({
  name,
  type: "directory",
  mode: 0o755,
  ...rest,
});
const file = (name: string, content = name, rest: Partial<Entry> = {}): Entry => ({
  name,
  mode: 0o644,
  ...rest,
  content,
});
const symlink = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname });
const hardlink = (name: string, linkname: string): Entry => ({ name, type: "link", linkname });

describe("tar archives", () => {
  let folder: string;
  let count = 0;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "tar-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const save = async (bytes: Uint8Array): Promise<string> => {
    const name = path.join(folder, `archive-${count++}`);
    await fs.writeFile(name, bytes);
    return name;
  };
  const read = async (bytes: Uint8Array, limits?: ArchiveLimits): Promise<FileTree> =>
    fromTar(describeFile(await save(bytes)), "x.tar", { scratch: folder, ...(limits === undefined ? {} : { limits }) });
  const layers = async (...archives: Uint8Array[]): Promise<FileTree> =>
    fromOciLayers(
      await Promise.all(
        archives.map(async (bytes, index) => ({ file: describeFile(await save(bytes)), label: `layer ${index}` })),
      ),
      { scratch: folder },
    );
  /** Content, link target or type by path. */
  const plain = (tree: FileTree): Record<string, string> => {
    using reader = new ContentReader();
    return Object.fromEntries(
      [...tree].map(([name, entry]) => {
        if (entry.type !== "file") return [name, entry.type === "symlink" ? `-> ${entry.target}` : "directory"];
        const bytes = Buffer.alloc(sizeOf(entry.content));
        const opened = reader.open(name, entry.content);
        opened.read(bytes, 0, bytes.length);
        opened.close();
        return [name, bytes.toString()];
      }),
    );
  };
  const fails = (why: RegExp) => (error: unknown) => {
    assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"), String(error));
    assert.match(error.message, why);
    return true;
  };

  it("keep modes, owners and hard links; leading '/' and './' of names are dropped", async () => {
    const tree = await read(
      await tarOf(
        directory("./"),
        directory("./etc/", { mode: 0o1750, uid: 1, gid: 2 }),
        file("/etc/passwd", "root", { mode: 0o4640, uid: 3 }),
        hardlink("etc/hard", "./etc/passwd"),
        symlink("etc/up", "../../../outside"),
      ),
    );
    assert.deepEqual(plain(tree), {
      etc: "directory",
      "etc/passwd": "root",
      "etc/hard": "root",
      "etc/up": "-> ../../../outside",
    });
    const passwd = tree.get("etc/passwd");
    assert.equal(tree.get("etc/hard"), passwd);
    assert.deepEqual(tree.get("etc"), { type: "directory", mode: 0o1750, uid: 1, gid: 2 });
    assert.ok(passwd?.type === "file");
    assert.deepEqual([passwd.mode, passwd.uid, passwd.gid], [0o4640, 3, undefined]);
  });

  it("resolve paths inside the tree, whatever links they meet", async () => {
    const tree = await read(
      await tarOf(
        symlink("out", "/../../etc"),
        file("out/passwd"),
        symlink("up", "../../.."),
        file("up/top"),
        directory("usr/bin"),
        symlink("bin", "usr/bin"),
        file("bin/sh"),
      ),
    );
    assert.deepEqual(plain(tree), {
      out: "-> /../../etc",
      "etc/passwd": "out/passwd",
      up: "-> ../../..",
      top: "up/top",
      "usr/bin": "directory",
      bin: "-> usr/bin",
      "usr/bin/sh": "bin/sh",
    });
  });

  it("let later entries replace earlier ones; a folder keeps its content only as a folder", async () => {
    const tree = await read(
      await tarOf(
        file("a", "1"),
        file("a", "2"),
        directory("d", { mode: 0o700 }),
        file("d/x"),
        directory("d"),
        directory("e"),
        file("e/y"),
        file("e", "now a file"),
      ),
    );
    assert.deepEqual(plain(tree), { a: "2", d: "directory", "d/x": "d/x", e: "now a file" });
  });

  it("may be compressed, also in several members", async () => {
    const bytes = await tarOf(file("a"), file("long/".repeat(60)));
    const half = zlib.gzipSync(bytes.subarray(0, 700));
    const expected = plain(await read(bytes));
    assert.equal(Object.keys(expected).length, 2);
    assert.deepEqual(plain(await read(zlib.gzipSync(bytes))), expected);
    assert.deepEqual(plain(await read(Buffer.concat([half, zlib.gzipSync(bytes.subarray(700))]))), expected);
    assert.deepEqual(plain(await read(zlib.zstdCompressSync(bytes))), expected);
  });

  it("are rejected if a name or a hard link leads outside, or an entry cannot be packed", async () => {
    const cases: [RegExp, Entry[]][] = [
      [/contains '\.\.'/, [file("../x")]],
      [/contains '\.\.'/, [file("a/../../x")]],
      [/contains '\.\.'/, [file("a"), hardlink("b", "../../etc/passwd")]],
      [/hard link to '\/etc\/passwd', which is no file/, [hardlink("b", "/etc/passwd")]],
      [/hard link to '\/d', which is no file/, [directory("d"), hardlink("b", "d")]],
      [/'\/f' is a file, not a directory/, [file("f"), file("f/x")]],
      [/form a loop/, [symlink("a", "b"), symlink("b", "a"), file("a/x")]],
      [/'\/null' is a device/, [{ name: "null", type: "character-device", devmajor: 1, devminor: 3 }]],
      [/'\/disk' is a device/, [{ name: "disk", type: "block-device" }]],
      [/'\/pipe' is a device, FIFO/, [{ name: "pipe", type: "fifo" }]],
      [/too long/, [file("n".repeat(256))]],
      [/too long/, [file("d/".repeat(2100))]],
    ];
    for (const [why, entries] of cases) await assert.rejects(read(await tarOf(...entries)), fails(why), String(why));
  });

  it("are rejected if malformed or truncated, wherever", async () => {
    const bytes = await tarOf(file("a", "content"), file("b".repeat(150), "more"));
    for (let length = 0; length < bytes.length - 1024; length += 256)
      await assert.rejects(
        read(bytes.subarray(0, length)),
        fails(/x\.tar' is not a usable tar archive/),
        String(length),
      );
    const compressed = zlib.gzipSync(bytes);
    for (const length of [10, 20, compressed.length - 1])
      await assert.rejects(
        read(compressed.subarray(0, length)),
        fails(/gzip data is damaged or truncated/),
        String(length),
      );
    const wrong = Buffer.from(compressed);
    wrong[wrong.length - 6] = (wrong[wrong.length - 6] ?? 0) ^ 1; // of the checksum
    await assert.rejects(read(wrong), fails(/gzip data is damaged/));
    const sum = Buffer.from(bytes);
    sum[0] = 0x7a;
    await assert.rejects(read(sum), fails(/no valid tar header at byte 0/));
    await assert.rejects(read(Buffer.from("not a tar at all".repeat(100))), fails(/not a usable tar archive/));
  });

  it("are rejected if they decompress to more than the limits", async () => {
    const zeros = zlib.gzipSync(await tarOf(file("zeros", "\0".repeat(2 ** 20))));
    await assert.rejects(
      read(zeros, { maxBytes: 2 ** 19, maxRatio: 200 }),
      fails(/more than 524288 bytes after decompression/),
    );
    assert.deepEqual(await fs.readdir(folder).then((names) => names.filter((name) => name.endsWith(".tar"))), []);
    const member = zlib.gzipSync(Buffer.alloc(2 ** 24));
    const bomb = Buffer.concat(Array.from({ length: 20 }, () => member));
    await assert.rejects(read(bomb), fails(/more than 200 times its size/));
  });

  it("of an image's layers hide what their whiteouts name in lower layers only", async () => {
    const lower = await tarOf(
      directory("d"),
      file("d/a"),
      file("d/b"),
      file("gone"),
      directory("o"),
      file("o/old"),
      directory("sub"),
      file("sub/x"),
    );
    const upper = await tarOf(
      file("d/new"),
      file("d/.wh.a", ""),
      file(".wh.gone", ""),
      file("o/new"),
      file("o/.wh..wh..opq", ""),
      file(".wh.sub", ""),
      file("d/.wh.new", ""),
      file(".wh..wh.plnk", ""),
    );
    assert.deepEqual(plain(await layers(lower, zlib.gzipSync(upper))), {
      d: "directory",
      "d/b": "d/b",
      "d/new": "d/new",
      o: "directory",
      "o/new": "o/new",
    });
    await assert.rejects(layers(lower, await tarOf(file(".wh...", ""))), fails(/names no file/));
    assert.deepEqual(plain(await read(await tarOf(file(".wh.a", "kept")))), { ".wh.a": "kept" });
  });

  it("of an image's layers may link to files of lower layers, and replace folders by links", async () => {
    const lower = await tarOf(directory("lib"), file("lib/a"), file("bin/tool"));
    const upper = await tarOf(
      hardlink("bin/second", "bin/tool"),
      directory("usr/lib"),
      symlink("lib", "usr/lib"),
      file("lib/b"),
    );
    const tree = await layers(lower, upper);
    assert.deepEqual(plain(tree), {
      lib: "-> usr/lib",
      "bin/tool": "bin/tool",
      "bin/second": "bin/tool",
      "usr/lib": "directory",
      "usr/lib/b": "lib/b",
    });
    assert.equal(tree.get("bin/tool"), tree.get("bin/second"));
  });
});
