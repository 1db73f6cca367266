import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { treeFromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import { resolveDirectoryInside } from "../../../../provider/image/rootfs/directoryInside";
import { overlayFiles, overlayTree } from "../../../../provider/image/rootfs/overlay";
import type { FileTree, TreeEntry } from "../../../../provider/image/rootfs/tree";

const invalid =
  (...parts: RegExp[]) =>
  (error: unknown): boolean =>
    UnikernelError.has(error, "CONTEXT_INVALID") && parts.every((part) => part.test(error.message));

const file: TreeEntry = { type: "file", mode: 0o644, content: { bytes: Buffer.from("x") } };

describe("a root file system", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "rootfs-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  describe("from a directory", () => {
    it("keeps modes and links, lists in byte order, and leaves contents on disk", async () => {
      await fs.mkdir(path.join(folder, "bin"), { mode: 0o755 });
      await fs.writeFile(path.join(folder, "bin", "busybox"), "elf");
      await fs.chmod(path.join(folder, "bin", "busybox"), 0o4755);
      await fs.symlink("/bin/busybox", path.join(folder, "bin", "sh"));
      await fs.symlink("../bin/sh", path.join(folder, "bin", "ash"));
      await fs.writeFile(path.join(folder, "bin.txt"), "");
      await fs.chmod(path.join(folder, "bin.txt"), 0o600);
      await fs.chmod(path.join(folder, "bin"), 0o711);
      assert.deepEqual(
        [...(await treeFromDirectory(folder))],
        [
          ["bin", { type: "directory", mode: 0o711 }],
          ["bin/ash", { type: "symlink", target: "../bin/sh" }],
          [
            "bin/busybox",
            { type: "file", mode: 0o4755, content: { path: path.join(folder, "bin/busybox"), sizeBytes: 3 } },
          ],
          ["bin/sh", { type: "symlink", target: "/bin/busybox" }],
          ["bin.txt", { type: "file", mode: 0o600, content: { path: path.join(folder, "bin.txt"), sizeBytes: 0 } }],
        ],
      );
    });

    it("reports every entry that cannot be packed at once", async () => {
      await fs.mkdir(path.join(folder, "d"));
      childProcess.execFileSync("mkfifo", [path.join(folder, "d", "pipe")]);
      await fs.symlink("../../etc/passwd", path.join(folder, "d", "out"));
      await fs.writeFile(path.join(folder, "big"), "");
      await fs.truncate(path.join(folder, "big"), 2 ** 32);
      await fs.writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), "");
      await assert.rejects(
        treeFromDirectory(folder),
        invalid(/'\/d\/pipe' is a FIFO/, /'\/d\/out' points outside/, /'\/big' has 4294967296 bytes/, /not UTF-8/),
      );
    });
  });

  describe("named by the Kraftfile", () => {
    it("is a directory in the context, also through a link inside it", async () => {
      await fs.mkdir(path.join(folder, "a/b"), { recursive: true });
      await fs.symlink("a", path.join(folder, "link"));
      const real = await fs.realpath(folder);
      assert.deepEqual(await resolveDirectoryInside(folder, "./link/b"), { directory: path.join(real, "a/b") });
      assert.deepEqual(await resolveDirectoryInside(folder, "a/../a"), { directory: path.join(real, "a") });
    });

    it("is rejected if it leads outside through '..' or a link", async () => {
      await fs.mkdir(path.join(folder, "context"));
      await fs.mkdir(path.join(folder, "outside/rootfs"), { recursive: true });
      await fs.symlink("../outside", path.join(folder, "context", "link"));
      await fs.symlink(path.join(folder, "outside"), path.join(folder, "context", "absolute"));
      for (const name of [
        "../outside",
        "link",
        "link/rootfs",
        "absolute",
        "absolute/rootfs",
        folder,
        "x/../../outside",
      ]) {
        const inside = await resolveDirectoryInside(path.join(folder, "context"), name);
        assert.ok(
          "problem" in inside &&
            /is outside the image context|leaves the image context|must be relative/.test(inside.problem),
          name,
        );
      }
    });

    it("is rejected if it is missing or no directory", async () => {
      await fs.writeFile(path.join(folder, "f.cpio"), "");
      for (const [name, why] of [
        ["none", /does not exist/],
        ["f.cpio", /not a directory.*unpack/],
        ["f.cpio/x", /cannot be read/],
      ] as const) {
        const inside = await resolveDirectoryInside(folder, name);
        assert.ok("problem" in inside && why.test(inside.problem), name);
      }
    });
  });

  describe("with extra files", () => {
    const tree: FileTree = new Map<string, TreeEntry>([
      ["etc/hosts", file],
      ["lib", { type: "symlink", target: "usr/lib" }],
    ]);

    it("stores them with mode 0644 in UTF-8 over existing ones", () => {
      const merged = overlayFiles(tree, { "/etc/hosts": "é", "/srv/www/index.html": "hi", "/lib": "now a file" });
      const expected = (text: string): TreeEntry => ({
        type: "file",
        mode: 0o644,
        content: { bytes: Buffer.from(text) },
      });
      assert.deepEqual(merged.get("etc/hosts"), expected("é"));
      assert.deepEqual(merged.get("srv/www/index.html"), expected("hi"));
      assert.deepEqual(merged.get("lib"), expected("now a file"));
      assert.equal(tree.get("etc/hosts"), file);
    });

    it("rejects all invalid guest paths at once without showing content", () => {
      const paths = ["etc/x", "/a/../b", "/a//b", "/", "/a/", "/./a", "/a\0b"];
      assert.throws(
        () => overlayFiles(tree, Object.fromEntries(paths.map((name) => [name, "hunter2"]))),
        (error) =>
          UnikernelError.has(error, "CONTEXT_INVALID") &&
          error.property === "files" &&
          !error.message.includes("hunter2") &&
          error.message.split("\n").length === paths.length,
      );
    });

    it("rejects a file in place of a directory, and one below a file or a link", () => {
      assert.throws(() => overlayFiles(tree, { "/etc": "" }), invalid(/'\/etc' cannot be a file/));
      assert.throws(() => overlayFiles(tree, { "/etc/hosts/x": "" }), invalid(/'\/etc\/hosts' is a file/));
      assert.throws(() => overlayFiles(tree, { "/lib/x": "" }), invalid(/'\/lib' is a symlink/));
      assert.throws(() => overlayFiles(tree, { "/n": "", "/n/m": "" }), invalid(/'\/n' cannot be a file/));
    });
  });

  it("replaces files of a base and merges its directories", () => {
    const base: FileTree = new Map<string, TreeEntry>([
      ["bin", { type: "directory", mode: 0o755 }],
      ["bin/sh", file],
      ["tmp", { type: "directory", mode: 0o1777 }],
    ]);
    const top: TreeEntry = { ...file, mode: 0o755 };
    const merged = overlayTree(
      base,
      new Map<string, TreeEntry>([
        ["bin/sh", top],
        ["bin/ls", file],
        ["tmp", { type: "directory", mode: 0o700 }],
      ]),
    );
    assert.deepEqual([...merged.keys()].sort(), ["bin", "bin/ls", "bin/sh", "tmp"]);
    assert.equal(merged.get("bin/sh"), top);
    assert.deepEqual(merged.get("tmp"), { type: "directory", mode: 0o700 });
    assert.throws(() => overlayTree(base, new Map([["bin", file]])), invalid(/'\/bin' cannot be a file/));
    assert.throws(
      () => overlayTree(base, new Map<string, TreeEntry>([["bin/sh", { type: "directory", mode: 0o755 }]])),
      invalid(/'\/bin\/sh' cannot be a directory/),
    );
  });
});
