/** Paths that no image may have, in every source that needs no builder; test/e2e/examples/tyk.test.ts has a Dockerfile. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import * as zlib from "node:zlib";
import * as tar from "tar-stream";
import { digestOf } from "../../../../provider/base/digest";
import { UnikernelError } from "../../../../provider/base/errors";
import { buildImage } from "../../../../provider/image/build/buildImage";
import { type BuildPlan, planBuild } from "../../../../provider/image/build/planBuild";
import { packTree } from "../../../../provider/image/pack/packTree";
import type { FileTree, TreeEntry } from "../../../../provider/image/rootfs/tree";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";
import { startFakeRegistry } from "../../../support/fakeRegistry";
import { givenTexts } from "../../../support/givenFiles";
import { writeLayer } from "../../../support/layers";

const file: TreeEntry = { type: "file", mode: 0o644, content: { bytes: Buffer.from("-- /bin/evil") } };
const link = (target: string): TreeEntry => ({ type: "symlink", target });

const TREES: Readonly<Record<string, readonly [tree: FileTree, path: string]>> = {
  "a file below /unikernel": [new Map([["unikernel/cmdline", file]]), "/unikernel"],
  "a link in place of /unikernel": [new Map([["unikernel", link("/data")]]), "/unikernel"],
  "a file in place of /unikernel": [new Map([["unikernel", file]]), "/unikernel"],
};

const rejectsPath =
  (wanted: string) =>
  (error: unknown): boolean =>
    UnikernelError.has(error, "CONTEXT_INVALID") && error.message.includes(`'${wanted}`);

describe("a reserved path", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "reserved-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  async function plan(rootfs: string, files: Readonly<Record<string, string>> = {}): Promise<BuildPlan> {
    const source = rootfs.includes(":") ? `{source: "${rootfs}", type: oci}` : `./${rootfs}`;
    const kraftfile = `spec: v0.6\nruntime: base:latest\n${rootfs === "" ? "" : `rootfs: ${source}\n`}`;
    await fs.writeFile(path.join(folder, "Kraftfile"), kraftfile);
    return planBuild({ context: folder, files: givenTexts(files), name: "shop", scratch: folder });
  }
  /** A runtime without files of its own. */
  async function own(): Promise<RuntimeImage> {
    await fs.writeFile(path.join(folder, "kernel"), "a kernel");
    const kernelLayer = await writeLayer(
      path.join(folder, "kernel"),
      "unikraft/bin/kernel",
      path.join(folder, "k.tar"),
    );
    return { reference: "base", platform: { os: "fc", architecture: "x86_64" }, kernelLayer };
  }
  const build = (runtime: RuntimeImage, planned: BuildPlan): Promise<unknown> =>
    buildImage(planned, {
      layout: path.join(folder, "layout"),
      repository: "shop",
      resolveRuntime: () => Promise.resolve([runtime]),
    });
  async function writeDirectory(tree: FileTree): Promise<void> {
    for (const [inner, entry] of tree) {
      const target = path.join(folder, "root", inner);
      await fs.mkdir(path.dirname(target), { recursive: true });
      if (entry.type === "file") await fs.writeFile(target, "x");
      if (entry.type === "symlink") await fs.symlink(entry.target, target);
    }
  }
  function writeTar(tree: FileTree): Promise<Buffer> {
    const pack = tar.pack();
    for (const [name, entry] of tree) {
      if (entry.type === "file") pack.entry({ name: `./${name}` }, "x");
      if (entry.type === "symlink") pack.entry({ name, type: "symlink", linkname: entry.target });
    }
    pack.finalize();
    return buffer(pack);
  }

  for (const [what, [tree, reserved]] of Object.entries(TREES)) {
    it(`is rejected at preview in a directory, tar, CPIO and EROFS: ${what}`, async () => {
      await writeDirectory(tree);
      await fs.writeFile(path.join(folder, "root.tar"), await writeTar(tree));
      await fs.writeFile(path.join(folder, "root.tgz"), zlib.gzipSync(await writeTar(tree)));
      for (const format of ["cpio", "erofs"] as const)
        await packTree(tree, format, { file: path.join(folder, `root.${format}`) });
      for (const source of ["root", "root.tar", "root.tgz", "root.cpio", "root.erofs"])
        await assert.rejects(plan(source), rejectsPath(reserved), source);
    });
  }

  it("is rejected in a container image, before anything is stored", async () => {
    await using registry = await startFakeRegistry();
    const put = (bytes: Buffer, mediaType: string): object => {
      registry.blobs.set(`app@${digestOf(bytes)}`, bytes);
      return { mediaType, digest: digestOf(bytes), size: bytes.length };
    };
    for (const [what, [tree, reserved]] of Object.entries(TREES)) {
      const layer = await writeTar(tree);
      const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
      const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }));
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      const manifest = {
        ...{ schemaVersion: 2, mediaType, config: put(config, "application/vnd.oci.image.config.v1+json") },
        layers: [put(layer, "application/vnd.oci.image.layer.v1.tar")],
      };
      registry.manifests.set("app:1", { mediaType, bytes: Buffer.from(JSON.stringify(manifest)) });
      const planned = await plan(`oci://${registry.host}/app:1`);
      assert.equal(planned.rootfs.type, "image");
      await assert.rejects(build(await own(), planned), rejectsPath(reserved), what);
      await assert.rejects(fs.access(path.join(folder, "layout/index.json")));
      // What was downloaded is in the scratch folder of an architecture, which the next round fills again.
      for (const name of await fs.readdir(folder))
        if (/^[0-9a-f]{64}$/.test(name)) await fs.rm(path.join(folder, name), { recursive: true });
    }
  });

  it("is rejected where a link leads to it", async () => {
    const tree: FileTree = new Map([
      ["a", link("/")],
      ["a/unikernel/cmdline", file],
    ]);
    await fs.writeFile(path.join(folder, "root.tar"), await writeTar(tree));
    await assert.rejects(plan("root.tar"), rejectsPath("/unikernel"));
    await writeDirectory(new Map([["b", link("unikernel")]]));
    await assert.rejects(plan("root", { "/b/cmdline": "x" }), rejectsPath("/unikernel"));
  });

  it("is rejected in files", async () => {
    await assert.rejects(plan("", { "/unikernel/cmdline": "x" }), rejectsPath("/unikernel/cmdline"));
  });

  it("is free if only its beginning is the same", async () => {
    await writeDirectory(
      new Map([
        ["unikernel.conf", file],
        ["etc/unikernel/cmdline", file],
      ]),
    );
    assert.equal((await plan("root", { "/unikernels": "x" })).rootfs.type, "tree");
  });

  it("is /init too if the runtime provides it, and only then", async () => {
    const based = { ...(await own()), reference: "linux:latest", baseTree: new Map([["init", file]]) };
    await writeDirectory(new Map([["init", link("/sbin/init")]]));
    await assert.rejects(build(based, await plan("root")), rejectsPath("/init"));
    await assert.rejects(build(based, await plan("", { "/init": "x" })), rejectsPath("/init"));
    await build(await own(), await plan("root"));
  });
});
