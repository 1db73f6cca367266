import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { createHashKey } from "../../../../provider/image/build/files/secretHash";
import type { BuiltImage } from "../../../../provider/image/build/pack/options";
import { type BuildInputs, type BuildPlan, planBuild } from "../../../../provider/image/build/planBuild";
import { buildOnce } from "../../../../provider/image/cache/buildOnce";
import { imageKey, saveImageDigest } from "../../../../provider/image/cache/imageDigests";
import { collectImage, findRoot } from "../../../../provider/image/oci/exchange/collect";
import { openLayout } from "../../../../provider/image/oci/layout";
import { blobPath } from "../../../../provider/image/oci/storedImage";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";
import { givenTexts } from "../../../support/givenFiles";
import { useCacheFolder } from "../../../support/cacheFolder";
import { writeLayer } from "../../../support/layers";
import { putTestImage } from "../../../support/testImages";

describe("an image that is built once", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  let runtime: RuntimeImage;
  const before = process.env["UNIKERNEL_BUILDER"];

  beforeEach(async () => {
    await fs.mkdir(at("app/rootfs"), { recursive: true });
    await fs.writeFile(at("app/rootfs/page"), "hello");
    await fs.writeFile(at("app/Kraftfile"), "spec: v0.7\nruntime: linux:latest\nrootfs: ./rootfs\n");
    await fs.writeFile(at("kernel"), "a kernel");
    runtime = {
      reference: "linux:latest",
      platform: { os: "qemu", architecture: "x86_64" },
      kernelLayer: await writeLayer(at("kernel"), "unikraft/bin/kernel", at("kernel.tar")),
    };
    // Whatever starts a builder fails.
    process.env["UNIKERNEL_BUILDER"] = "none-is-needed";
  });
  afterEach(() => {
    if (before === undefined) delete process.env["UNIKERNEL_BUILDER"];
    else process.env["UNIKERNEL_BUILDER"] = before;
  });

  const plan = (inputs: Partial<BuildInputs> = {}): Promise<BuildPlan> =>
    planBuild({ context: at("app"), name: "shop", scratch: folder.path, ...inputs });

  /** Builds, and counts in `packed` how often an archive was packed. */
  async function build(planned: BuildPlan, repository: string, packed: string[] = []): Promise<BuiltImage> {
    return buildOnce(planned, {
      layout: at("images"),
      repository,
      resolveRuntime: () => Promise.resolve([runtime]),
      onProgress: ({ message }) => {
        if (message.startsWith("packing")) packed.push(repository);
      },
    });
  }

  it("is shared by concurrent builds, each of which stores it under its own name", async () => {
    const packed: string[] = [];
    const names = ["one", "two", "three", "four"];
    const built = await Promise.all(names.map(async (name) => build(await plan(), name, packed)));
    assert.equal(packed.length, 1);
    assert.equal(new Set(built.map(({ digest }) => digest)).size, 1);
    for (const name of names) {
      const stored = await openLayout(at("images")).resolve(name);
      assert.deepEqual([stored?.digest, stored?.sizeBytes], [built[0]?.digest, built[0]?.sizeBytes]);
    }
    assert.deepEqual(await fs.readdir(at("cache/images/locks")), []);
  });

  it("stays whole under one name when another is removed, and is stored from there without packing", async () => {
    const packed: string[] = [];
    const { digest } = await build(await plan(), "registry.example/team/one", packed);
    await build(await plan(), "two", packed);
    const layout = openLayout(at("images"));
    assert.deepEqual(await layout.remove("registry.example/team/one"), [digest]);
    const image = await collectImage(layout.folder, await findRoot(layout.folder, digest));
    const sizes = image.blobs.map(async (blob) => (await fs.stat(blobPath(layout.folder, blob.digest))).size);
    assert.deepEqual(
      await Promise.all(sizes),
      image.blobs.map(({ size }) => size),
    );
    assert.equal((await build(await plan(), "three", packed)).digest, digest);
    assert.deepEqual(packed, ["registry.example/team/one"]);
    await layout.remove("two");
    await layout.remove("three");
    assert.deepEqual(await fs.readdir(at("images/blobs/sha256")), []);
  });

  it("is built again if something changed, if the layout lost it, or a part of it", async () => {
    const packed: string[] = [];
    await build(await plan(), "shop", packed);
    await build(await plan({ files: givenTexts({ "/x": "1" }) }), "shop", packed);
    assert.equal(packed.length, 2);
    const { digest } = await build(await plan(), "shop", packed);
    assert.equal(packed.length, 2, "the layout still has the first one");
    const layer = (await openLayout(at("images")).resolve(`shop@${digest}`))?.initrd?.blob ?? "";
    await fs.truncate(layer, 512);
    await build(await plan(), "shop", packed);
    await openLayout(at("images")).remove("shop");
    assert.equal((await build(await plan(), "shop", packed)).digest, digest);
    assert.equal(packed.length, 4);
    await fs.appendFile(at("kernel"), "!");
    runtime = {
      ...runtime,
      kernelLayer: await writeLayer(at("kernel"), "unikraft/bin/kernel", at("kernel2.tar")),
    };
    assert.notEqual((await build(await plan(), "shop", packed)).digest, digest);
  });

  it("is built again if the content of a given file changed, though the context hash is the same", async () => {
    const packed: string[] = [];
    const [one, two] = [{ files: givenTexts({ "/x": "1" }) }, { files: givenTexts({ "/x": "2" }) }];
    assert.equal((await plan(one)).contextHash, (await plan(two)).contextHash);
    const { digest } = await build(await plan(one), "shop", packed);
    assert.notEqual((await build(await plan(two), "shop", packed)).digest, digest);
    assert.equal((await build(await plan(one), "shop", packed)).digest, digest);
    assert.equal(packed.length, 2);
  });

  it("starts no builder for a Dockerfile that was built, unless asked to, or if a secret changed", async () => {
    await fs.writeFile(at("app/Dockerfile"), "FROM scratch\nCOPY rootfs /\n");
    await fs.writeFile(at("app/Kraftfile"), "spec: v0.7\nruntime: linux:latest\nrootfs: ./Dockerfile\n");
    const startsBuilder = (error: unknown) => UnikernelError.has(error, "BUILDER_MISSING", "CONFIG_INVALID");
    await assert.rejects(build(await plan(), "shop"), startsBuilder);
    // As if a builder had made this one.
    const { digest } = await putTestImage(folder.path);
    await fs.rename(at("layout"), at("images"));
    const save = async (planned: BuildPlan) =>
      saveImageDigest(await imageKey(planned, [runtime]), { digest, sizeBytes: 1 });
    await save(await plan());
    assert.equal((await build(await plan(), "shop")).digest, digest);
    assert.equal((await openLayout(at("images")).resolve("shop"))?.digest, digest);
    const hashKey = createHashKey();
    const withSecret = (token: string) => plan({ build: { secrets: { token } }, hashKey });
    assert.equal((await withSecret("x")).contextHash, (await plan()).contextHash, "which is stored");
    await assert.rejects(build(await withSecret("x"), "shop"), startsBuilder);
    await save(await withSecret("x"));
    assert.equal((await build(await withSecret("x"), "another")).digest, digest);
    await assert.rejects(build(await withSecret("y"), "shop"), startsBuilder);
    for (const options of [{ noCache: true }, { ssh: ["default"] }]) {
      await save(await plan({ build: options }));
      await assert.rejects(build(await plan({ build: options }), "shop"), startsBuilder, JSON.stringify(options));
    }
  });
});
