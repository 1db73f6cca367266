/** Root file systems packed by other people's tools: each source gives the image of the same files. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { buildImage } from "../../../provider/image/build/buildImage";
import { planBuild } from "../../../provider/image/build/planBuild";
import { LAYER_ENTRY } from "../../../provider/image/oci/descriptor";
import { openLayout } from "../../../provider/image/oci/layout";
import { extractLayer } from "../../../provider/image/oci/layer";
import { writeLayer } from "../../support/layers";

describe("a root file system of another tool", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "sources-"));
    const tree = path.join(folder, "tree");
    await fs.mkdir(path.join(tree, "usr/bin"), { recursive: true });
    await fs.mkdir(path.join(tree, "empty"));
    await fs.writeFile(path.join(tree, "usr/bin/app"), "#!/bin/sh\n", { mode: 0o755 });
    await fs.writeFile(path.join(tree, "größe 1.txt"), "x".repeat(10_000), { mode: 0o644 });
    await fs.symlink("usr/bin", path.join(tree, "bin"));
    for (const inner of ["", "usr", "usr/bin", "empty"]) await fs.chmod(path.join(tree, inner), 0o755);
    await fs.writeFile(path.join(folder, "kernel"), "a kernel");
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const PACKERS: Readonly<Record<string, string>> = {
    "rootfs.tar": "tar --numeric-owner --owner=0 --group=0 -cf ../rootfs.tar .",
    "rootfs.tgz": "tar --numeric-owner --owner=0 --group=0 -czf ../rootfs.tgz .",
    "rootfs.cpio": "find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 > ../rootfs.cpio",
    "rootfs.erofs": "mkfs.erofs --all-root ../rootfs.erofs . > /dev/null",
  };

  /** Digest of the initrd, as a file, of an image with this root file system. */
  async function initrdOf(rootfs: string, format: string): Promise<Buffer> {
    const text = `spec: v0.7\nruntime: base\nrootfs: {source: {path: ${rootfs}}, format: ${format}}\ncmd: ["/bin/app"]\n`;
    await fs.writeFile(path.join(folder, "Kraftfile"), text);
    const layout = path.join(folder, "layout");
    const plan = await planBuild({ context: folder, name: "app", scratch: path.join(folder) });
    const kernelLayer = await writeLayer(
      path.join(folder, "kernel"),
      LAYER_ENTRY.kernel,
      path.join(folder, "kernel.tar"),
    );
    const runtime = { reference: "base", platform: { os: "qemu", architecture: "x86_64" }, kernelLayer };
    await buildImage(plan, { layout, repository: "app", resolveRuntime: () => Promise.resolve([runtime]) });
    const image = await openLayout(layout).resolve("app");
    assert.ok(image?.initrd !== undefined);
    assert.deepEqual(image.cmd, ["/bin/app"]);
    await extractLayer(image.initrd, path.join(folder, "initrd"));
    return fs.readFile(path.join(folder, "initrd"));
  }

  for (const format of ["cpio", "erofs"]) {
    it(`gives the ${format} file system of the same directory`, async () => {
      const expected = await initrdOf("tree", format);
      for (const [name, command] of Object.entries(PACKERS)) {
        execFileSync("sh", ["-c", command], { cwd: path.join(folder, "tree") });
        assert.ok((await initrdOf(name, format)).equals(expected), name);
      }
      const list = format === "cpio" ? "cpio -it --quiet < initrd" : "fsck.erofs --extract=out initrd && find out";
      assert.match(execFileSync("sh", ["-c", list], { cwd: folder, encoding: "utf8" }), /(^|\/)usr\/bin\/app$/m);
    });
  }
});
