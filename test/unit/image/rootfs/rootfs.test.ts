import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { UnikernelError } from "../../../../provider/base/errors";
import { digestOf } from "../../../../provider/base/digest";
import { digestContents } from "../../../../provider/image/pack/digestContents";
import { FileDigests } from "../../../../provider/image/pack/fileDigests";
import { packTree } from "../../../../provider/image/pack/packTree";
import { fromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import { type SourceType, resolveSource } from "../../../../provider/image/rootfs/resolveSource";
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
    it("keeps links, normalises modes, lists depth first, and leaves contents on disk", async () => {
      await fs.mkdir(path.join(folder, "bin"), { mode: 0o755 });
      await fs.writeFile(path.join(folder, "bin", "busybox"), "elf");
      await fs.chmod(path.join(folder, "bin", "busybox"), 0o4755);
      await fs.symlink("/bin/busybox", path.join(folder, "bin", "sh"));
      await fs.symlink("../../nowhere", path.join(folder, "bin", "up"));
      await fs.writeFile(path.join(folder, "bin.txt"), "");
      await fs.chmod(path.join(folder, "bin.txt"), 0o611);
      await fs.chmod(path.join(folder, "bin"), 0o2711);
      const listed = async (preserveModes: boolean): Promise<unknown[]> =>
        [...(await fromDirectory(await fs.realpath(folder), { preserveModes }))].map(([name, entry]) => [
          name,
          entry.type === "symlink" ? entry.target : entry.mode,
          ...(entry.type === "file" && "path" in entry.content ? [entry.content.path, entry.content.sizeBytes] : []),
        ]);
      const real = await fs.realpath(folder);
      const rows = (modes: number[]): unknown[] => [
        ["bin", modes[0]],
        ["bin/busybox", modes[1], path.join(real, "bin/busybox"), 3],
        ["bin/sh", "/bin/busybox"],
        ["bin/up", "../../nowhere"],
        ["bin.txt", modes[2], path.join(real, "bin.txt"), 0],
      ];
      assert.deepEqual(await listed(false), rows([0o755, 0o755, 0o644]));
      assert.deepEqual(await listed(true), rows([0o2711, 0o4755, 0o611]));
    });

    it("keeps hard links, and unusual names", async () => {
      const names = ["é", "😀", "line\nbreak", "n".repeat(255), "\uFFFD", "TRAILER!!!"];
      for (const name of names) await fs.writeFile(path.join(folder, name), name);
      await fs.link(path.join(folder, "é"), path.join(folder, "second"));
      const tree = await fromDirectory(await fs.realpath(folder));
      assert.deepEqual([...tree.keys()].sort(), [...names, "second"].sort());
      assert.equal(tree.get("é"), tree.get("second"));
      assert.notEqual(tree.get("é"), tree.get("😀"));
    });

    it("reports every entry that cannot be packed at once", async () => {
      await fs.mkdir(path.join(folder, "d"));
      childProcess.execFileSync("mkfifo", [path.join(folder, "d", "pipe")]);
      await fs.writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), "");
      const server = net.createServer().listen(path.join(folder, "d", "socket"));
      await once(server, "listening");
      try {
        await assert.rejects(
          fromDirectory(await fs.realpath(folder)),
          invalid(/'\/d\/pipe' is a FIFO/, /'\/d\/socket' is a socket/, /not UTF-8/),
        );
      } finally {
        server.close();
      }
    });

    it("is listed to any depth", async () => {
      const depth = 300;
      await fs.mkdir(path.join(folder, "d/".repeat(depth)), { recursive: true });
      await fs.writeFile(path.join(folder, "d/".repeat(depth), "f"), "deep");
      const tree = await fromDirectory(await fs.realpath(folder));
      assert.equal(tree.size, depth + 1);
      const content = [...tree.values()].flatMap((entry) => (entry.type === "file" ? [entry.content] : []));
      assert.deepEqual(
        await digestContents(
          content.map((one) => ({ name: "f", content: one })),
          new FileDigests(),
        ),
        [digestOf("deep")],
      );
    });
  });

  describe("named by the Kraftfile", () => {
    it("is a directory in the context, also through a link inside it", async () => {
      await fs.mkdir(path.join(folder, "a/b"), { recursive: true });
      await fs.symlink("a", path.join(folder, "link"));
      const real = await fs.realpath(folder);
      assert.deepEqual(await resolveSource(folder, "./link/b"), {
        type: "directory",
        directory: path.join(real, "a/b"),
      });
      assert.deepEqual(await resolveSource(folder, "a/../a"), {
        type: "directory",
        directory: path.join(real, "a"),
      });
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
        const inside = await resolveSource(path.join(folder, "context"), name);
        assert.ok(
          "problem" in inside &&
            /is outside the image context|leaves the image context|must be relative/.test(inside.problem),
          name,
        );
      }
    });

    it("is told apart by name and content", async () => {
      const write = async (name: string, content: string | Buffer): Promise<void> => {
        await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await fs.writeFile(path.join(folder, name), content);
      };
      const typeOf = async (name: string, declared?: SourceType): Promise<string> => {
        const source = await resolveSource(folder, name, declared);
        return "problem" in source ? source.problem : source.type;
      };
      await fs.mkdir(path.join(folder, "my.dockerfile.d"));
      await write("tree/a", "a");
      const tree = await fromDirectory(await fs.realpath(path.join(folder, "tree")));
      for (const format of ["cpio", "erofs"] as const)
        await packTree(tree, format, { file: path.join(folder, `x.${format}`) });
      const tar = Buffer.alloc(2048);
      tar.write("ustar", 257);
      await write("x.tar", tar);
      await write("Dockerfile.tar", tar);
      await write("dockerfile-archive", tar);
      await write("x.tgz", zlib.gzipSync(tar));
      await write("x.zst", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]));
      for (const name of ["Dockerfile", "app.Dockerfile", "Dockerfile1", "Containerfile", "docker/Dockerfile-prod"])
        await write(name, "");
      await write("build.txt", "# syntax=docker/dockerfile:1\n\n  from scratch\n");
      await write("unknown", "some text\n");
      const types = {
        "my.dockerfile.d": "directory",
        "x.cpio": "cpio",
        "x.erofs": "erofs",
        "x.tar": "tarball",
        "x.tgz": "tarball",
        "x.zst": "tarball",
        "Dockerfile.tar": "dockerfile",
        "dockerfile-archive": "tarball",
        Dockerfile: "dockerfile",
        "app.Dockerfile": "dockerfile",
        Dockerfile1: "dockerfile",
        Containerfile: "dockerfile",
        "docker/Dockerfile-prod": "dockerfile",
        "build.txt": "dockerfile",
      };
      for (const [name, type] of Object.entries(types)) assert.equal(await typeOf(name), type, name);
      assert.match(await typeOf("unknown"), /unknown type; use a directory, a Dockerfile, a CPIO archive/);
      assert.equal(await typeOf("x.cpio", "cpio"), "cpio");
      assert.match(await typeOf("x.tar", "cpio"), /declared as 'cpio' but is a tar archive/);
    });

    it("is rejected if it is missing or no directory", async () => {
      await fs.writeFile(path.join(folder, "f.cpio"), "");
      for (const [name, why] of [
        ["none", /does not exist/],
        ["f.cpio", /unknown type/],
        ["f.cpio/x", /cannot be read/],
      ] as const) {
        const inside = await resolveSource(folder, name);
        assert.ok("problem" in inside && why.test(inside.problem), name);
      }
    });
  });

  describe("with extra files", () => {
    const tree: FileTree = new Map<string, TreeEntry>([
      ["etc/hosts", file],
      ["lib", { type: "symlink", target: "usr/lib" }],
    ]);

    const given = (text: string): TreeEntry => ({ type: "file", mode: 0o600, content: { bytes: Buffer.from(text) } });
    const overlay = (texts: Readonly<Record<string, string>>): FileTree =>
      overlayFiles(tree, new Map(Object.entries(texts).map(([name, text]) => [name, given(text)])));

    it("adds them, and replaces files and links of the same path", () => {
      const merged = overlay({ "/etc/hosts": "é", "/srv/www/index.html": "hi", "/lib": "now a file" });
      assert.deepEqual(merged.get("etc/hosts"), given("é"));
      assert.deepEqual(merged.get("srv/www/index.html"), given("hi"));
      assert.deepEqual(merged.get("lib"), given("now a file"));
      assert.equal(tree.get("etc/hosts"), file);
    });

    it("rejects all invalid guest paths at once without showing content", () => {
      const paths = ["etc/x", "/a/../b", "/a//b", "/", "/a/", "/./a", "/a\0b"];
      assert.throws(
        () => overlay(Object.fromEntries(paths.map((name) => [name, "hunter2"]))),
        (error) =>
          UnikernelError.has(error, "CONTEXT_INVALID") &&
          error.property === "files" &&
          !error.message.includes("hunter2") &&
          error.message.split("\n").length === paths.length,
      );
    });

    it("follows links among the folders of a path", () => {
      assert.deepEqual([...overlay({ "/lib/x": "" }).keys()], ["etc/hosts", "lib", "usr/lib/x"]);
    });

    it("rejects two paths that a link makes one", () => {
      assert.throws(
        () => overlay({ "/lib/x": "1", "/usr/lib/x": "2" }),
        invalid(/'\/usr\/lib\/x' is .*through a symbolic link/),
      );
    });

    it("rejects a file in place of a directory, and one below a file", () => {
      assert.throws(() => overlay({ "/etc": "" }), invalid(/'\/etc' cannot be a file/));
      assert.throws(() => overlay({ "/etc/hosts/x": "" }), invalid(/'\/etc\/hosts' is a file/));
      assert.throws(() => overlay({ "/n": "", "/n/m": "" }), invalid(/'\/n' is a file/));
      assert.throws(() => overlay({ "/n/m": "", "/n": "" }), invalid(/'\/n' cannot be a file/));
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

  it("takes the files of a base through the links of the tree on it", () => {
    const link = (target: string): TreeEntry => ({ type: "symlink", target });
    const base: FileTree = new Map<string, TreeEntry>([
      ["bin", { type: "directory", mode: 0o755 }],
      ["bin/ls", link("../tools/box")],
      ["bin/sh", file],
      ["sbin/init", file],
      ["tools/box", file],
    ]);
    const merge = (...top: [string, TreeEntry][]): Record<string, string> =>
      Object.fromEntries(
        [...overlayTree(base, new Map(top))].map(([name, entry]) => [
          name,
          entry.type === "symlink" ? entry.target : entry.type,
        ]),
      );
    const tools = { "tools/box": "file" };
    assert.deepEqual(
      merge(["bin", link("usr/bin")], ["sbin", link("/usr/bin/../sbin")], ["usr/bin/sh", link("dash")]),
      {
        bin: "usr/bin",
        sbin: "/usr/bin/../sbin",
        "usr/bin": "directory",
        "usr/bin/sh": "dash",
        "usr/bin/ls": "/tools/box",
        "usr/sbin/init": "file",
        ...tools,
      },
    );
    // Above the root is the root, a chain of links is followed, and a loop is an error.
    assert.deepEqual(merge(["bin", link("../../../one")], ["one", link("two")], ["sbin", link("bin")]), {
      bin: "../../../one",
      one: "two",
      sbin: "bin",
      two: "directory",
      "two/ls": "/tools/box",
      "two/sh": "file",
      "two/init": "file",
      ...tools,
    });
    assert.throws(
      () => merge(["bin", link("sbin")], ["sbin", link("bin")]),
      invalid(/'\/bin\/ls' cannot be placed: .* loop/),
    );
  });
});
