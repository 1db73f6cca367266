import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../../provider/base/digest";
import { UnikernelError } from "../../../../provider/base/errors";
import { buildImage, resolveBases } from "../../../../provider/image/build/buildImage";
import { computeDigest } from "../../../../provider/image/build/computeDigest";
import { contentsLoader } from "../../../../provider/image/build/pack/contents";
import { type BuildPlan, planBuild } from "../../../../provider/image/build/planBuild";
import { buildOnce } from "../../../../provider/image/cache/buildOnce";
import { isErofs } from "../../../../provider/image/erofs/read";
import { findRoot } from "../../../../provider/image/oci/exchange/collect";
import { extractLayer } from "../../../../provider/image/oci/layer";
import { openLayout } from "../../../../provider/image/oci/layout";
import { type DescribedImage, readPlatforms } from "../../../../provider/image/oci/storedImage";
import { startFakeRegistry } from "../../../support/fakeRegistry";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";
import { useCacheFolder } from "../../../support/cacheFolder";
import { givenTexts } from "../../../support/givenFiles";
import { writeLayer } from "../../../support/layers";

const BOTH = "targets: [qemu/x86_64, kraftcloud/arm64]\n";
const DIRECTORY = "spec: v0.7\nruntime: base\nrootfs: ./rootfs\ncmd: [/page]\n";

describe("an image for several platforms", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  let runtimes: RuntimeImage[];

  beforeEach(async () => {
    await fs.mkdir(at("app/rootfs"), { recursive: true });
    await fs.mkdir(at("app/data"));
    await fs.writeFile(at("app/rootfs/page"), "hello");
    await fs.writeFile(at("app/data/table"), "rows");
    runtimes = [await runtime("qemu", "x86_64"), await runtime("kraftcloud", "arm64")];
  });

  async function runtime(os: string, architecture: string, osFeatures: string[] = []): Promise<RuntimeImage> {
    const file = at(`kernel-${architecture}`);
    await fs.writeFile(file, `kernel for ${os}/${architecture}`);
    const kernelLayer = await writeLayer(file, "unikraft/bin/kernel", `${file}.tar`);
    return { reference: "base", platform: { os, architecture, osFeatures }, kernelLayer, env: { ARCH: architecture } };
  }

  let scratches = 0;
  async function plan(kraftfile: string, files = givenTexts({})): Promise<BuildPlan> {
    await fs.writeFile(at("app/Kraftfile"), kraftfile);
    const scratch = at(`scratch-${(scratches += 1)}`);
    await fs.mkdir(scratch);
    return planBuild({ context: at("app"), name: "shop", scratch, files });
  }

  /** Builds, checks that the digest was known before, and returns what the layout has for each platform. */
  async function build(kraftfile: string, files = givenTexts({})): Promise<readonly DescribedImage[]> {
    const planned = await plan(kraftfile, files);
    const bases = await resolveBases(planned, {
      layout: undefined,
      repository: "shop",
      resolveRuntime: () => Promise.resolve(runtimes),
    });
    const { digest } = await computeDigest(planned, bases);
    const options = { layout: at("images"), repository: "shop", resolveRuntime: () => Promise.resolve(runtimes) };
    const built = await buildImage(await plan(kraftfile, files), options);
    assert.equal(built.digest, digest);
    const platforms = await readPlatforms(at("images"), await findRoot(at("images"), digest));
    for (const { sizeBytes } of platforms) assert.equal(sizeBytes, built.sizeBytes);
    assert.equal(built.sizeBytes, await bytesOnDisk(), "each blob counts once");
    return platforms;
  }

  async function bytesOnDisk(): Promise<number> {
    const blobs = at("images/blobs/sha256");
    const stats = await Promise.all((await fs.readdir(blobs)).map((name) => fs.stat(path.join(blobs, name))));
    return stats.reduce((sum, { size }) => sum + size, 0);
  }

  const readAll = async (): Promise<readonly DescribedImage[]> =>
    readPlatforms(at("images"), await findRoot(at("images"), "shop"));

  const namesOf = (images: readonly DescribedImage[]): readonly string[] =>
    images.map(({ platform }) => `${platform.os}/${platform.architecture}`);
  const rejection = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), String(error));
    return error.message;
  };

  it("has a manifest for each target, in their order, with the kernel of its runtime, and one for containerd", async () => {
    const images = await build(`${DIRECTORY}${BOTH}`);
    assert.deepEqual(namesOf(images), ["qemu/x86_64", "kraftcloud/arm64", "linux/amd64"]);
    const { kernel: forQemu } = images[0] ?? assert.fail();
    assert.deepEqual(images[2]?.kernel, forQemu);
    assert.deepEqual(
      images.slice(0, 2).map(({ kernel, env, cmd }) => [kernel?.digest, env["ARCH"], cmd]),
      runtimes.map(({ kernelLayer, env }) => [kernelLayer.digest, env?.["ARCH"], ["/page"]]),
    );
  });

  it("shares a root file system and ROMs by descriptor, and packs them once", async () => {
    const packed: string[] = [];
    const planned = await plan(`${DIRECTORY}${BOTH}roms: [./data]\n`, givenTexts({ "/etc/app.conf": "a" }));
    const { digest } = await buildImage(planned, {
      layout: at("images"),
      repository: "shop",
      resolveRuntime: () => Promise.resolve(runtimes),
      onProgress: ({ message }) => packed.push(message),
    });
    const [first, second] = await readPlatforms(at("images"), await findRoot(at("images"), digest));
    assert.ok(first?.initrd && first.roms);
    assert.deepEqual(second?.initrd, first.initrd);
    assert.deepEqual(second.roms, first.roms);
    assert.equal(packed.filter((message) => message.startsWith("packing 2 files")).length, 1, packed.join("\n"));
    assert.equal(packed.filter((message) => message.startsWith("packing ROM")).length, 1);
  });

  it("has the format that each runtime mounts", async () => {
    runtimes[1] = await runtime("kraftcloud", "arm64", ["CONFIG_LIBUKFS_EROFS=y"]);
    const formats: boolean[] = [];
    for (const { initrd } of (await build(`${DIRECTORY}${BOTH}`)).slice(0, 2)) {
      assert.ok(initrd);
      await extractLayer(initrd, at("initrd"));
      formats.push(await isErofs(at("initrd")));
    }
    assert.deepEqual(formats, [false, true]);
    await fs.rm(at("images"), { recursive: true });
    const given = DIRECTORY.replace("./rootfs", "{source: ./rootfs, format: erofs}");
    const [first, second] = await build(`${given}${BOTH}`);
    assert.equal(first?.initrd?.digest, second?.initrd?.digest);
    assert.equal((await readAll()).length, 2, "urunc cannot boot it");
  });

  it("boots here with the platform of this machine's VMs, wherever that is in the index", async () => {
    runtimes.reverse();
    await build(`${DIRECTORY}targets: [kraftcloud/arm64, qemu/x86_64]\n`);
    const image = await openLayout(at("images")).resolve("shop");
    assert.deepEqual([image?.platform.os, image?.env["ARCH"]], ["qemu", "x86_64"]);
  });

  it("is rejected unless the runtime has each target", async () => {
    const [vm] = runtimes;
    assert.ok(vm);
    const planned = await plan(`${DIRECTORY}${BOTH}`);
    assert.match(
      await rejection(computeDigest(planned, [vm])),
      /targets are qemu\/x86_64, kraftcloud\/arm64, but the runtime 'base' is built for qemu\/x86_64\./,
    );
  });

  it("needs no runtime: files on the nodes' kernels, and ROMs", async () => {
    const files = await build(`spec: v0.7\n${BOTH}rootfs: ./rootfs\ncmd: [/page]\n`);
    assert.deepEqual(namesOf(files), ["qemu/x86_64", "kraftcloud/arm64"]);
    assert.deepEqual([files[0]?.kernel, files[0]?.initrd?.digest], [undefined, files[1]?.initrd?.digest]);
    await fs.rm(at("images"), { recursive: true });
    const roms = await build(`spec: v0.7\n${BOTH}roms: [./data]\n`);
    assert.deepEqual(namesOf(roms), ["qemu/x86_64", "kraftcloud/arm64"]);
    assert.deepEqual([roms[0]?.initrd, roms[0]?.roms?.length], [undefined, 1]);
    assert.deepEqual(roms[1]?.roms, roms[0]?.roms);
  });

  it("has a platform once, and without a runtime only one form of it", async () => {
    assert.equal((await build(`spec: v0.7\ntargets: [qemu/x86_64, kvm/amd64]\nrootfs: ./rootfs\n`)).length, 1);
    const twice = "targets: [qemu/x86_64, {plat: qemu, arch: x86_64, kconfig: {CONFIG_A: y}}]\n";
    assert.match(await rejection(plan(`spec: v0.7\n${twice}rootfs: ./rootfs\n`)), /has qemu\/x86_64 twice/);
  });

  it("has another content hash for other kernel options of a platform without a runtime", async () => {
    const hash = async (kconfig: string): Promise<Digest> =>
      (await plan(`spec: v0.7\ntargets: [{plat: qemu, arch: x86_64${kconfig}}]\nrootfs: ./rootfs\n`)).contextHash;
    const hashes = [await hash(""), await hash(", kconfig: {CONFIG_A: y}"), await hash(", kconfig: {CONFIG_A: n}")];
    assert.equal(new Set(hashes).size, 3);
  });

  it("is packed once, found again whole, and built again if one platform is damaged", async () => {
    const options = { layout: at("images"), repository: "shop", resolveRuntime: () => Promise.resolve(runtimes) };
    let packed = 0;
    const onProgress = ({ message }: { readonly message: string }) => (packed += message.startsWith("packing") ? 1 : 0);
    const once = async () => buildOnce(await plan(`${DIRECTORY}${BOTH}`), { ...options, onProgress });
    const first = await once();
    assert.deepEqual([await once(), packed], [first, 1]);
    const images = await readAll();
    await fs.truncate(images[1]?.kernel?.blob ?? "", 1);
    assert.deepEqual([await once(), packed], [first, 2]);
    assert.equal(digestOf(await fs.readFile(images[1]?.kernel?.blob ?? "")), images[1]?.kernel?.digest);
  });

  it("is built in the scratch folder, whatever a runtime calls its architecture", async () => {
    await using registry = await startFakeRegistry();
    const planned = await plan(`spec: v0.7\nruntime: base\nrootfs: oci://${registry.host}/app:1\n`);
    const load = contentsLoader(planned, {
      signal: undefined,
      onProgress: () => undefined,
      onWarning: () => undefined,
      isDigestOnly: false,
    });
    await assert.rejects(load("../escaped"), (error) => UnikernelError.has(error, "NOT_FOUND"));
    await assert.rejects(fs.access(at("escaped")));
    assert.equal((await fs.readdir(planned.scratch)).length, 1);
  });

  it("leaves nothing when it is removed, and keeps what another image shares", async () => {
    await build(`${DIRECTORY}${BOTH}`);
    const layout = openLayout(at("images"));
    const { digest } = await buildImage(await plan(DIRECTORY), {
      layout: layout.folder,
      repository: "other",
      resolveRuntime: () => Promise.resolve(runtimes.slice(0, 1)),
    });
    await layout.remove("shop");
    const [left, ...others] = await readPlatforms(layout.folder, await findRoot(layout.folder, digest));
    assert.deepEqual([left?.sizeBytes, namesOf(others)], [await bytesOnDisk(), ["linux/amd64"]]);
    await layout.remove("other");
    assert.deepEqual(await fs.readdir(at("images/blobs/sha256")), []);
  });
});
