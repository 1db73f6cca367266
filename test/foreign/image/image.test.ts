import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { writeCpio } from "../../../provider/image/cpio/write";
import { readCpio } from "../../../provider/image/cpio/read";
import { buildImage } from "../../../provider/image/build/buildImage";
import { planBuild } from "../../../provider/image/build/planBuild";
import { describeFolder, runTool } from "../../support/foreignTools";
import { writeLayer } from "../../support/layers";
import { openLayout } from "../../../provider/image/oci/layout";
import { fromDirectory } from "../../../provider/image/rootfs/fromDirectory";

describe("image formats with standard tools", () => {
  let folder: string;
  let rootfs: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "foreign-"));
    rootfs = path.join(folder, "context", "rootfs");
    await makeRootfs(rootfs);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  async function makeRootfs(target: string): Promise<void> {
    await fs.mkdir(path.join(target, "bin"), { recursive: true });
    await fs.mkdir(path.join(target, "etc", "empty"), { recursive: true });
    await fs.mkdir(path.join(target, "tmp"));
    await fs.chmod(path.join(target, "tmp"), 0o1777);
    await fs.writeFile(path.join(target, "bin", "tool"), Buffer.alloc(100_003, "tool"), { mode: 0o755 });
    await fs.writeFile(path.join(target, "etc", "naïve name"), "text\n", { mode: 0o640 });
    await fs.writeFile(path.join(target, "etc", "nothing"), "");
    await fs.symlink("/bin/tool", path.join(target, "bin", "absolute"));
    await fs.symlink("tool", path.join(target, "bin", "relative"));
    await fs.writeFile(
      path.join(target, "..", "Kraftfile"),
      "spec: v0.7\nruntime: r\nrootfs: rootfs\ncmd: [/bin/tool]\n",
    );
  }

  it("let GNU cpio list and unpack our archive to the same tree", async () => {
    const archive = path.join(folder, "a.cpio");
    await writeCpio(await fromDirectory(rootfs, { preserveModes: true }), archive);
    const input = await fs.readFile(archive);
    const listed = runTool("cpio", ["-it", "--quiet"], { input }).toString().trim().split("\n");
    const found = runTool("find", [".", "-mindepth", "1", "-printf", "%P\\n"], { cwd: rootfs })
      .toString()
      .trim()
      .split("\n");
    assert.equal(listed.length, found.length);
    await fs.mkdir(path.join(folder, "out"));
    runTool("cpio", ["-id", "--quiet"], { cwd: path.join(folder, "out"), input });
    assert.equal(describeFolder(path.join(folder, "out")), describeFolder(rootfs));
    const owners = runTool("cpio", ["-itv", "--quiet", "--numeric-uid-gid"], { input }).toString().trim().split("\n");
    for (const line of owners) assert.match(line, /^\S+ +\d+ 0 +0 .* 1970 /);
  });

  it("let us read archives of GNU cpio, hard links included", async () => {
    await fs.link(path.join(rootfs, "bin", "tool"), path.join(rootfs, "bin", "hard"));
    const names = runTool("find", [".", "-print"], { cwd: rootfs });
    const tree = readCpio(runTool("cpio", ["-o", "-H", "newc", "--quiet"], { cwd: rootfs, input: names }));
    const expected = await fromDirectory(rootfs, { preserveModes: true });
    assert.deepEqual([...tree.keys()].sort(), [...expected.keys()].sort());
    for (const [name, entry] of expected) {
      const read = tree.get(name);
      if (entry.type !== "file") assert.deepEqual(read, entry);
      else {
        assert.ok(read?.type === "file" && "bytes" in read.content && "path" in entry.content);
        assert.equal(read.mode, entry.mode);
        assert.deepEqual(Buffer.from(read.content.bytes), await fs.readFile(entry.content.path), name);
      }
    }
  });

  async function build(context: string, layout: string): Promise<string> {
    await fs.writeFile(path.join(folder, "kernel"), "kernel bytes");
    const kernelLayer = await writeLayer(
      path.join(folder, "kernel"),
      "unikraft/bin/kernel",
      path.join(folder, "kernel.tar"),
    );
    const platform = { os: "qemu", architecture: "x86_64" };
    const { digest } = await buildImage(
      await planBuild({ context, name: "shop", preserveModes: true, scratch: folder }),
      {
        layout,
        repository: "acme/shop",
        resolveRuntime: async (reference) => [{ reference, platform, kernelLayer }],
      },
    );
    return digest;
  }

  it("let skopeo read our layout, copy the image and keep every digest", async () => {
    const layout = path.join(folder, "layout");
    const digest = await build(path.join(folder, "context"), layout);
    const source = `oci:${layout}:acme/shop:latest`;
    const raw = runTool("skopeo", ["inspect", "--raw", source]);
    const index = JSON.parse(raw.toString()) as { mediaType: string; manifests: { digest: string }[] };
    assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
    assert.equal(runTool("sha256sum", [], { input: raw }).toString().slice(0, 64), digest.slice("sha256:".length));
    const platform = ["--override-os", "qemu", "--override-arch", "x86_64"];
    const config = JSON.parse(runTool("skopeo", [...platform, "inspect", "--config", source]).toString()) as {
      os: string;
      architecture: string;
      config: { Cmd: string[] };
    };
    assert.deepEqual([config.os, config.architecture, config.config.Cmd], ["qemu", "x86_64", ["/bin/tool"]]);
    const copy = path.join(folder, "copy");
    runTool("skopeo", ["copy", "--quiet", "--all", "--insecure-policy", source, `dir:${copy}`]);
    assert.deepEqual(await fs.readFile(path.join(copy, "manifest.json")), raw);
  });

  it("let us find the same image in a layout that skopeo copied from ours", async () => {
    const layout = path.join(folder, "layout");
    const digest = await build(path.join(folder, "context"), layout);
    const copy = path.join(folder, "copy");
    runTool("skopeo", [
      "copy",
      "--quiet",
      "--all",
      "--preserve-digests", // or it would compress the layers in transit
      "--insecure-policy",
      `oci:${layout}:acme/shop:latest`,
      `oci:${copy}:acme/shop:v2`,
    ]);
    const image = await openLayout(copy).resolve("acme/shop:v2");
    assert.equal(image?.digest, digest);
    assert.deepEqual(image?.cmd, ["/bin/tool"]);
  });

  it("let GNU tar find one file in each layer, and GNU cpio the tree in the initrd", async () => {
    const layout = path.join(folder, "layout");
    await build(path.join(folder, "context"), layout);
    const image = await openLayout(layout).resolve("acme/shop");
    assert.ok(image?.kernel && image.initrd);
    assert.equal(runTool("tar", ["-tf", image.kernel.blob]).toString(), "unikraft/bin/kernel\n");
    assert.equal(runTool("tar", ["-xOf", image.kernel.blob, "unikraft/bin/kernel"]).toString(), "kernel bytes");
    assert.match(
      runTool("tar", ["--numeric-owner", "--utc", "-tvf", image.initrd.blob]).toString(),
      /^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00 unikraft\/bin\/initrd\n$/,
    );
    await fs.mkdir(path.join(folder, "out"));
    const input = runTool("tar", ["-xOf", image.initrd.blob, "unikraft/bin/initrd"]);
    runTool("cpio", ["-id", "--quiet"], { cwd: path.join(folder, "out"), input });
    assert.equal(describeFolder(path.join(folder, "out")), describeFolder(rootfs));
  });

  it("let diff find equal layouts for trees that differ only in times and owners", async () => {
    const other = path.join(folder, "other", "rootfs");
    await makeRootfs(other);
    runTool("find", [path.join(folder, "other"), "-exec", "touch", "-h", "-d", "2001-02-03", "{}", "+"]);
    if (process.getuid?.() === 0) runTool("chown", ["-Rh", "1234:5678", path.join(folder, "other")]);
    await fs.chmod(path.join(other, "tmp"), 0o1777);
    const layouts = [path.join(folder, "one"), path.join(folder, "two")];
    const digests = [
      await build(path.join(folder, "context"), layouts[0] ?? ""),
      await build(path.join(folder, "other"), layouts[1] ?? ""),
    ];
    assert.equal(digests[0], digests[1]);
    runTool("diff", ["-r", ...layouts.map((layout) => path.join(layout, "blobs"))]);
  });
});
