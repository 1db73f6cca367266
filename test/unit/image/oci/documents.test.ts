import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { Digest } from "../../../../provider/base/digest";
import { UnikernelError } from "../../../../provider/base/errors";
import { readContainerImage, readLayoutImage } from "../../../../provider/image/oci/containerImage";
import { type Layout, openLayout } from "../../../../provider/image/oci/layout";
import { imageRepository } from "../../../../provider/image/registry/repositoryName";
import { writeRoms } from "../../../support/layers";

interface Json {
  [key: string]: unknown;
  manifests: { digest: Digest; platform: object; mediaType: string }[];
  layers: { digest: Digest; size: number; mediaType: string; annotations?: object }[];
  config: { digest: Digest; platform: object };
}

/** The form of the artefact as both generations of the vendor's tools read it. Source: unikraft-cloud/x `image-spec`, KraftKit `oci/`. */
describe("the documents of an image", () => {
  let folder: string;
  let layout: Layout;
  let kernel: string;
  let initrd: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "documents-"));
    layout = openLayout(path.join(folder, "layout"));
    [kernel, initrd] = [path.join(folder, "kernel"), path.join(folder, "initrd")];
    await fs.writeFile(kernel, "kernel");
    await fs.writeFile(initrd, "initrd");
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const blob = (digest: string) => path.join(layout.folder, "blobs", "sha256", digest.slice("sha256:".length));
  const document = async (digest: string): Promise<Json> => JSON.parse(await fs.readFile(blob(digest), "utf8")) as Json;
  const run = { cmd: ["/server"], env: { A: "1" }, labels: { b: "2", a: "1" } };
  const X86 = { os: "kraftcloud", architecture: "x86_64", osVersion: "0.17.0", osFeatures: ["CONFIG_ARCH_X86_64=y"] };
  const WIRE = {
    architecture: "x86_64",
    os: "kraftcloud",
    "os.version": "0.17.0",
    "os.features": ["CONFIG_ARCH_X86_64=y"],
  };

  it("repeat the platform in index, config and config descriptor, and have no Entrypoint", async () => {
    const { digest } = await layout.putImage({
      repository: "shop",
      platform: X86,
      config: run,
      kernel: { file: kernel },
      initrd: { file: initrd },
    });
    const index = await document(digest);
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform),
      [WIRE],
    );
    const manifest = await document(index.manifests[0]?.digest ?? "");
    assert.deepEqual(manifest.config.platform, WIRE);
    assert.deepEqual(
      manifest.layers.map(({ mediaType, annotations }) => [mediaType, annotations]),
      [
        ["application/vnd.oci.image.layer.v1.tar", { "org.unikraft.kernel.image": "/unikraft/bin/kernel" }],
        ["application/vnd.oci.image.layer.v1.tar", { "org.unikraft.kernel.initrd": "/unikraft/bin/initrd" }],
      ],
    );
    assert.deepEqual(await document(manifest.config.digest), {
      ...WIRE,
      config: { Env: ["A=1"], Cmd: ["/server"], Labels: { a: "1", b: "2" } },
      rootfs: { type: "layers", diff_ids: manifest.layers.map((layer) => layer.digest) },
    });
  });

  it("hold several platforms, of which a VM gets the one for QEMU", async () => {
    const images = ["kraftcloud", "qemu"].map((name) => ({
      platform: { os: name, architecture: "x86_64" },
      config: { ...run, cmd: [`/${name}`] },
      kernel: { file: kernel },
      initrd: { file: initrd },
    }));
    const { digest } = await layout.putImages(images, { repository: "shop" });
    const index = await document(digest);
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform),
      [
        { architecture: "x86_64", os: "kraftcloud" },
        { architecture: "x86_64", os: "qemu" },
      ],
    );
    assert.deepEqual((await layout.resolve("shop"))?.cmd, ["/qemu"]);
    assert.equal((await fs.readdir(path.join(layout.folder, "blobs", "sha256"))).length, 7); // layers are shared
    const cloud = await readContainerImage(
      layout.folder,
      { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: 0 },
      { os: ["kraftcloud"], architecture: "x86_64" },
    );
    assert.deepEqual(cloud.cmd, ["/kraftcloud"]);
  });

  it("hold ROMs raw and in order", async () => {
    const written = [Buffer.alloc(8_192, "r"), Buffer.alloc(4_096, "s")];
    const roms = await writeRoms(folder, written);
    const platform = { os: "qemu", architecture: "x86_64" };
    await layout.putImage({ repository: "roms", platform, config: run, roms });
    const image = await layout.resolve("roms");
    assert.deepEqual([image?.kernel, image?.initrd], [undefined, undefined]);
    const contents = await Promise.all((image?.roms ?? []).map((rom) => fs.readFile(rom.blob)));
    assert.deepEqual(contents, written);
    const again = await layout.putImage({ repository: "again", platform, config: run, roms: image?.roms ?? [] });
    assert.equal(again.digest, image?.digest);
  });

  it("reuse the kernel layer of another image by its digest", async () => {
    const platform = { os: "qemu", architecture: "x86_64" };
    await layout.putImage({ repository: "runtime", platform, config: run, kernel: { file: kernel } });
    const runtime = await layout.resolve("runtime");
    assert.ok(runtime?.kernel);
    const other = openLayout(path.join(folder, "other"));
    await other.putImage({
      repository: "shop",
      platform,
      config: run,
      kernel: runtime.kernel,
      initrd: { file: initrd },
    });
    assert.equal((await other.resolve("shop"))?.kernel?.digest, runtime.kernel.digest);
  });
});

describe("an image in a layout of another tool", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "container-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const fails = (promise: Promise<unknown>, code: "NOT_FOUND" | "BUILD_FAILED", text: RegExp) =>
    assert.rejects(promise, (error) => UnikernelError.has(error, code) && text.test(`${error.message} ${error.hint}`));

  it("is chosen by its tag when there are several", async () => {
    const layout = openLayout(folder);
    const file = path.join(folder, "k");
    await fs.writeFile(file, "k");
    for (const tag of ["v1", "v2"]) {
      const config = { cmd: [tag], env: {}, labels: {} };
      await layout.putImage({
        repository: "a",
        tag,
        platform: { os: "linux", architecture: "amd64" },
        config,
        kernel: { file },
      });
    }
    assert.deepEqual((await readLayoutImage(folder, { tag: "a:v2" })).cmd, ["v2"]);
    await fails(readLayoutImage(folder), "NOT_FOUND", /has 2 images.*a:v1, a:v2/);
    await fails(readLayoutImage(folder, { tag: "a:v3" }), "NOT_FOUND", /no image with the tag 'a:v3'/);
    await fails(
      readLayoutImage(folder, { tag: "a:v1", platform: { os: ["linux"], architecture: "arm64" } }),
      "NOT_FOUND",
      /built for linux\/amd64, not for linux\/arm64/,
    );
  });

  it("is rejected when it is damaged or absent", async () => {
    await fails(readLayoutImage(folder), "NOT_FOUND", /has no image/);
    const digest = `sha256:${"0".repeat(64)}`;
    const write = (text: string) => fs.writeFile(path.join(folder, "index.json"), text);
    await write(JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: "x", digest, size: 1 }] }));
    await fails(readLayoutImage(folder), "BUILD_FAILED", /lacks the document sha256:0/);
    await write(
      JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: "x", digest: "../../etc/passwd", size: 1 }] }),
    );
    await fails(readLayoutImage(folder), "BUILD_FAILED", /not a valid OCI document/);
  });
});

describe("the repository of an image", () => {
  const metroToken = Buffer.from("robot$acme.users.kraftcloud:secret").toString("base64");
  it("is the user's own in the vendor's registry, unless one is chosen", () => {
    assert.equal(imageRepository({ name: "shop", metroToken }), "index.unikraft.io/acme/shop");
    assert.equal(imageRepository({ name: "shop", metroToken, organisation: "team" }), "index.unikraft.io/team/shop");
    const choose = (repository: string) => imageRepository({ name: "shop", repository, metroToken });
    assert.equal(choose("ghcr.io/acme/x"), "ghcr.io/acme/x");
    assert.equal(choose("acme/x"), "index.unikraft.io/acme/x");
    assert.equal(choose("oci://127.0.0.1:5000/x"), "127.0.0.1:5000/x");
  });
  it("must be known, and has neither tag nor digest", () => {
    const rejects = (choice: Parameters<typeof imageRepository>[0], text: RegExp) =>
      assert.throws(
        () => imageRepository(choice),
        (error) => UnikernelError.has(error, "INPUT_INVALID") && text.test(error.message),
      );
    rejects({ name: "shop" }, /no token that names a user/);
    rejects({ name: "shop", metroToken: "opaque" }, /no token that names a user/);
    rejects({ name: "shop", repository: "ghcr.io/acme/x:v1" }, /without tag/);
    rejects({ name: "shop", repository: "ghcr.io/Acme/x" }, /lower case/);
  });
});
