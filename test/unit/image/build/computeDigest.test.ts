import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { buildImage } from "../../../../provider/image/build/buildImage";
import { computeDigest, isComputable } from "../../../../provider/image/build/computeDigest";
import { type BuildInputs, planBuild } from "../../../../provider/image/build/planBuild";
import { openLayout } from "../../../../provider/image/oci/layout";
import { packTree } from "../../../../provider/image/pack/packTree";
import { fromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";
import { givenTexts } from "../../../support/givenFiles";
import { useCacheFolder } from "../../../support/cacheFolder";
import { writeLayer } from "../../../support/layers";

describe("the digest of an image before it is built", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  let unikraft: RuntimeImage;
  let standIn: RuntimeImage;

  beforeEach(async () => {
    await fs.mkdir(at("app/rootfs/www"), { recursive: true });
    await fs.writeFile(at("app/rootfs/www/index.html"), "hello");
    await fs.symlink("www/index.html", at("app/rootfs/link"));
    await fs.writeFile(at("kernel"), "a kernel");
    const init = { type: "file", mode: 0o755, content: { bytes: Buffer.from("#!init") } } as const;
    unikraft = {
      reference: "base:latest",
      platform: { os: "kraftcloud", architecture: "x86_64", osFeatures: ["CONFIG_LIBUKFS_EROFS=y"] },
      kernelLayer: await writeLayer(at("kernel"), "unikraft/bin/kernel", at("kernel.tar")),
      initrdLayer: await writeLayer(at("kernel"), "unikraft/bin/initrd", at("initrd.tar")),
      env: { PATH: "/bin" },
    };
    standIn = {
      reference: "linux:latest",
      platform: { os: "qemu", architecture: "x86_64" },
      kernelLayer: unikraft.kernelLayer,
      baseTree: new Map([["init", init]]),
    };
  });

  const plan = (kraftfile: string, inputs: Partial<BuildInputs> = {}) =>
    fs
      .writeFile(at("app/Kraftfile"), `spec: v0.7\nruntime: linux:latest\n${kraftfile}`)
      .then(() => planBuild({ context: at("app"), name: "shop", scratch: folder.path, ...inputs }));

  const forms: Record<string, string> = {
    "a directory": "rootfs: ./rootfs\ncmd: /www/run\nlabels: {a: b}\n",
    "a directory in CPIO": "rootfs: {source: ./rootfs, format: cpio}\n",
    "a CPIO archive": "rootfs: root.cpio\nenv: {A: b}\n",
    "an EROFS image": "rootfs: root.erofs\n",
    "no root file system": "cmd: [/bin/server]\n",
    "two ROMs": "roms:\n  - ./rootfs\n  - {source: ./rootfs, format: cpio}\n",
  };
  for (const [what, kraftfile] of Object.entries(forms)) {
    for (const runtimeName of ["unikraft", "stand-in"]) {
      it(`is that of the stored image: ${what} on the ${runtimeName} runtime`, async () => {
        const runtime = runtimeName === "unikraft" ? unikraft : standIn;
        const tree = await fromDirectory(at("app/rootfs"));
        for (const format of ["cpio", "erofs"] as const)
          await packTree(tree, format, { file: at(`app/root.${format}`) });
        for (const files of [givenTexts({}), givenTexts({ "/etc/app.conf": "port=1" })]) {
          await fs.mkdir(at("scratch"));
          const planned = await plan(kraftfile, { files, scratch: at("scratch") });
          assert.ok(isComputable(planned));
          const { digest } = await computeDigest(planned, [runtime]);
          await assert.rejects(fs.access(at("images")), "nothing is stored");
          assert.deepEqual(await fs.readdir(at("scratch")), [], "nothing is written");
          const resolveRuntime = () => Promise.resolve([runtime]);
          await buildImage(planned, { layout: at("images"), repository: "shop", resolveRuntime });
          assert.equal(digest, (await openLayout(at("images")).resolve("shop"))?.digest);
          await fs.rm(at("images"), { recursive: true });
          await fs.rm(at("scratch"), { recursive: true });
        }
      });
    }
  }

  it("is another one for one byte, another name, or an x-bit", async () => {
    const digest = async () => (await computeDigest(await plan("rootfs: ./rootfs\n"), [unikraft])).digest;
    const seen = new Set([await digest()]);
    const page = at("app/rootfs/www/index.html");
    for (const change of [
      () => fs.writeFile(page, "hallo"),
      () => fs.chmod(page, 0o755),
      () => fs.rename(page, at("app/rootfs/www/home.html")),
    ]) {
      await change();
      seen.add(await digest());
    }
    assert.equal(seen.size, 4);
  });

  it("is not known for what a builder or a registry provides", async () => {
    await fs.writeFile(at("app/Dockerfile"), "FROM scratch\nCOPY rootfs /\n");
    assert.equal(isComputable(await plan("rootfs: ./Dockerfile\n")), false);
    assert.equal(isComputable(await plan("rootfs: oci://example.com/app:1\n")), false);
  });

  it("fails as the build would, and repeats its warnings", async () => {
    await assert.rejects(
      computeDigest(await plan("rootfs: ./rootfs\n", { files: givenTexts({ "/init": "" }) }), [standIn]),
      (error) => UnikernelError.has(error, "CONTEXT_INVALID"),
    );
    const planned = await plan("volumes: [/data]\n");
    const { warnings } = await computeDigest(planned, [unikraft]);
    assert.deepEqual(warnings, planned.warnings);
    assert.match(warnings.join("\n"), /'volumes' has no effect on an image/);
  });
});
