import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { mock } from "node:test";
import { promisify } from "node:util";
import { UnikernelError } from "../../../../provider/base/errors";
import { extractLayer } from "../../../../provider/image/oci/layer";
import { writeLayer } from "../../../support/layers";
import { type Layout, type PutImageOptions, openLayout } from "../../../../provider/image/oci/layout";
import { withFileLock } from "../../../../provider/image/oci/fileLock";

const fsp = fs.promises;

/** The members of the layout's JSON documents that the test reads; each document has some. */
interface Document {
  readonly mediaType: string;
  readonly manifests: readonly { readonly digest: string; readonly platform: unknown }[];
  readonly config: { readonly digest: string; readonly platform: unknown };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string; readonly annotations: unknown }[];
}

describe("an OCI image layout", () => {
  let folder: string;
  let layout: Layout;
  let kernel: string;
  let initrd: string;

  beforeEach(async () => {
    folder = await fsp.mkdtemp(path.join(os.tmpdir(), "layout-"));
    layout = openLayout(path.join(folder, "images"));
    kernel = path.join(folder, "vmlinuz");
    initrd = path.join(folder, "initrd");
    await fsp.writeFile(kernel, crypto.randomBytes(3000));
    await fsp.writeFile(initrd, "initrd one");
  });
  afterEach(() => fsp.rm(folder, { recursive: true }));

  const options = (changes: Partial<PutImageOptions> = {}): PutImageOptions => ({
    repository: "shop",
    platform: { os: "qemu", architecture: "x86_64", osVersion: "6.1", osFeatures: ["CONFIG_A=y"] },
    config: {
      cmd: ["/bin/httpd", "-f"],
      env: { PORT: "8080", A: "b=c" },
      labels: { z: "1", a: "2" },
      workingDir: "/srv",
    },
    kernel: { file: kernel },
    initrd: { file: initrd },
    ...changes,
  });
  const blobs = (): Promise<string[]> => fsp.readdir(path.join(layout.folder, "blobs", "sha256"));
  const json = async (digest: string): Promise<Document> =>
    JSON.parse(await fsp.readFile(path.join(layout.folder, "blobs", "sha256", digest.slice(7)), "utf8"));

  it("is empty before the first image and creates no folder to say so", async () => {
    assert.deepEqual(await layout.list(), []);
    assert.equal(await layout.resolve("shop"), undefined);
    assert.deepEqual(await layout.remove("shop"), []);
    assert.equal(fs.existsSync(layout.folder), false);
  });

  it("stores index, manifest, config and two uncompressed layers as the vendor does", async () => {
    const { digest } = await layout.putImage(options());
    const platform = { architecture: "x86_64", os: "qemu", "os.version": "6.1", "os.features": ["CONFIG_A=y"] };
    const index = await json(digest);
    const [entry] = index.manifests;
    assert.ok(entry);
    assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
    assert.deepEqual(entry.platform, platform);
    const manifest = await json(entry.digest);
    assert.equal(manifest.mediaType, "application/vnd.oci.image.manifest.v1+json");
    assert.deepEqual(manifest.config.platform, platform);
    assert.deepEqual(
      manifest.layers.map((layer) => [layer.mediaType, layer.annotations]),
      [
        ["application/vnd.oci.image.layer.v1.tar", { "org.unikraft.kernel.image": "/unikraft/bin/kernel" }],
        ["application/vnd.oci.image.layer.v1.tar", { "org.unikraft.kernel.initrd": "/unikraft/bin/initrd" }],
      ],
    );
    assert.deepEqual(await json(manifest.config.digest), {
      ...platform,
      config: {
        Cmd: ["/bin/httpd", "-f"],
        Env: ["PORT=8080", "A=b=c"],
        Labels: { a: "2", z: "1" },
        WorkingDir: "/srv",
      },
      rootfs: { type: "layers", diff_ids: manifest.layers.map((layer) => layer.digest) },
    });
    assert.ok(!JSON.stringify([index, manifest]).includes("created"));
  });

  it("stores every blob under the digest of its bytes", async () => {
    await layout.putImage(options());
    for (const name of await blobs()) {
      const bytes = await fsp.readFile(path.join(layout.folder, "blobs", "sha256", name));
      assert.equal(crypto.createHash("sha256").update(bytes).digest("hex"), name);
    }
    assert.equal((await blobs()).length, 5);
  });

  it("returns an image with everything it was stored with", async () => {
    const { digest, sizeBytes } = await layout.putImage(options({ tag: "v1" }));
    const image = await layout.resolve("shop:v1");
    assert.ok(image?.kernel && image.initrd && image.createdAt);
    const { config, platform } = options();
    const { kernel: _kernel, initrd: _initrd, createdAt: _createdAt, ...rest } = image;
    assert.deepEqual(rest, { repository: "shop", tag: "v1", digest, sizeBytes, platform, ...config });
    const total = (await blobs()).map((name) => fs.statSync(path.join(layout.folder, "blobs", "sha256", name)).size);
    assert.equal(
      sizeBytes,
      total.reduce((a, b) => a + b),
    );
    const out = path.join(folder, "out");
    await extractLayer(image.kernel, out);
    assert.deepEqual(await fsp.readFile(out), await fsp.readFile(kernel));
    await extractLayer(image.initrd, out);
    assert.equal(await fsp.readFile(out, "utf8"), "initrd one");
  });

  it("finds an image by digest, tag, bare name and the vendor's long names", async () => {
    const { digest } = await layout.putImage(options());
    for (const name of [
      `shop@${digest}`,
      "shop",
      "shop:latest",
      "official/shop",
      "oci://index.unikraft.io/shop:latest",
    ]) {
      assert.equal((await layout.resolve(name))?.digest, digest, name);
    }
    for (const name of ["shop:v2", "other", "example.org/shop", `other@${digest}`, `shop@sha256:${"0".repeat(64)}`]) {
      assert.equal(await layout.resolve(name), undefined, name);
    }
  });

  it("keeps an untagged image until it is removed", async () => {
    const first = await layout.putImage(options());
    await fsp.writeFile(initrd, "initrd two");
    const second = await layout.putImage(options());
    assert.notEqual(first.digest, second.digest);
    assert.equal((await layout.resolve("shop"))?.digest, second.digest);
    assert.equal((await layout.resolve(`shop@${first.digest}`))?.tag, undefined);
    assert.deepEqual(
      (await layout.list()).map((image) => image.digest),
      [first.digest, second.digest],
    );
    assert.deepEqual(await layout.remove("shop", (digest) => digest === second.digest), [first.digest]);
    assert.equal(await layout.resolve(`shop@${first.digest}`), undefined);
    assert.equal((await layout.resolve("shop"))?.digest, second.digest);
    assert.equal((await blobs()).length, 5);
  });

  it("returns to an earlier image without listing it twice", async () => {
    const first = await layout.putImage(options());
    const other = await layout.putImage(options({ config: { cmd: ["/other"], env: {}, labels: {} } }));
    await layout.putImage(options());
    assert.deepEqual(
      (await layout.list()).map((image) => [image.digest, image.tag]),
      [
        [other.digest, undefined],
        [first.digest, "latest"],
      ],
    );
  });

  it("keeps blobs that another image needs, and none after the last image is removed", async () => {
    await layout.putImage(options());
    await layout.putImage(options({ repository: "blog", config: { cmd: ["/blog"], env: {}, labels: {} } }));
    await layout.remove("shop");
    const image = await layout.resolve("blog");
    assert.ok(image?.kernel);
    await extractLayer(image.kernel, path.join(folder, "out"));
    await layout.remove("blog");
    assert.deepEqual(await blobs(), []);
    assert.deepEqual(await fsp.readdir(path.join(layout.folder, "staging")), []);
  });

  it("writes nothing if the same image is stored again", async () => {
    await layout.putImage(options());
    const look = (): unknown[] =>
      fs
        .readdirSync(layout.folder, { recursive: true, withFileTypes: true })
        .filter((e) => e.isFile())
        .map((entry) => {
          const { ino, mtimeMs } = fs.statSync(path.join(entry.parentPath, entry.name));
          return [entry.name, ino, mtimeMs];
        });
    const before = look();
    await layout.putImage(options());
    assert.deepEqual(look(), before);
  });

  it("produces the same digest in another folder", async () => {
    const other = openLayout(path.join(folder, "elsewhere"));
    assert.deepEqual(await layout.putImage(options()), await other.putImage(options({ repository: "x", tag: "y" })));
  });

  it("copies a kernel layer by digest and rejects changed bytes", async () => {
    const layer = await writeLayer(kernel, "unikraft/bin/kernel", path.join(folder, "kernel.tar"));
    await layout.putImage(options({ kernel: layer }));
    assert.equal((await layout.resolve("shop"))?.kernel?.digest, layer.digest);
    await layout.remove("shop");
    await fsp.writeFile(layer.blob, Buffer.alloc(layer.sizeBytes));
    await assert.rejects(layout.putImage(options({ kernel: layer })), (error) =>
      UnikernelError.has(error, "BUILD_FAILED"),
    );
    assert.deepEqual(await fsp.readdir(path.join(layout.folder, "staging")), []);
  });

  it("replaces a blob that a crash left incomplete", async () => {
    await layout.putImage(options());
    const image = await layout.resolve("shop");
    assert.ok(image?.initrd);
    await fsp.truncate(image.initrd.blob, 0);
    await layout.putImage(options());
    await extractLayer(image.initrd, path.join(folder, "out"));
    assert.equal(await fsp.readFile(path.join(folder, "out"), "utf8"), "initrd one");
  });

  it("loses no image when several are stored and removed at once", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
    await Promise.all(
      names.flatMap((repository) => [
        openLayout(layout.folder).putImage(options({ repository })),
        openLayout(layout.folder).remove("app-gone"),
      ]),
    );
    assert.deepEqual((await layout.list()).map((image) => image.repository).sort(), [...names].sort());
    for (const image of await layout.list()) {
      assert.ok(image.initrd);
      await extractLayer(image.initrd, path.join(folder, "out"));
    }
  });

  it("loses no image when two processes write at once", async function () {
    this.timeout(60_000);
    const module = path.resolve("provider/image/oci/layout.ts");
    const script = `
      const { openLayout } = require(${JSON.stringify(module)});
      (async () => {
        const [folder, kernel, prefix] = process.argv.slice(-3);
        const layout = openLayout(folder);
        for (let i = 0; i < 8; i++) {
          const config = { cmd: [prefix + i], env: {}, labels: {} };
          await layout.putImage({ repository: prefix + i, platform: { os: "qemu", architecture: "x86_64" }, config, kernel: { file: kernel } });
          if (i % 2 === 1) await layout.remove(prefix + i);
        }
      })().catch((error) => { console.error(error); process.exit(1); });`;
    const run = promisify(childProcess.execFile);
    await Promise.all(
      ["a", "b"].map((prefix) =>
        run(process.execPath, ["-r", "tsx/cjs", "-e", script, "--", layout.folder, kernel, prefix], {
          cwd: process.cwd(),
        }),
      ),
    );
    const names = (await layout.list()).map((image) => image.repository);
    assert.deepEqual(names.sort(), ["a0", "a2", "a4", "a6", "b0", "b2", "b4", "b6"]);
    assert.equal((await blobs()).length, 8 * 3 + 1);
  });

  it("recovers the lock of a writer that died", async () => {
    const dead = childProcess.spawnSync(process.execPath, ["-e", ""]).pid;
    await fsp.mkdir(layout.folder);
    await fsp.writeFile(path.join(layout.folder, "index.lock"), `${dead} some-token`);
    await Promise.all(["a", "b", "c"].map((repository) => layout.putImage(options({ repository }))));
    assert.equal((await layout.list()).length, 3);
    const lockFiles = (await fsp.readdir(layout.folder)).filter((name) => name.startsWith("index.lock"));
    assert.deepEqual(lockFiles, []);
  });

  it("reports NO_SPACE on a full disk and leaves nothing behind", async () => {
    const real = fs.createWriteStream;
    const inLayout = (file: unknown): boolean => String(file).startsWith(layout.folder);
    const full = mock.method(require("node:fs"), "createWriteStream", (file: string, ...rest: []) =>
      real(inLayout(file) ? "/dev/full" : file, ...rest),
    );
    try {
      await assert.rejects(layout.putImage(options()), (error) => UnikernelError.has(error, "NO_SPACE"));
      assert.ok(full.mock.callCount() > 0);
    } finally {
      full.mock.restore();
    }
    assert.deepEqual(await blobs(), []);
    assert.deepEqual(await layout.list(), []);
    assert.deepEqual(await fsp.readdir(path.join(layout.folder, "staging")), []);
  });

  it("reports corrupt documents", async () => {
    await layout.putImage(options());
    await fsp.writeFile(path.join(layout.folder, "index.json"), '{"schemaVersion":2,"manifests":[{}]}');
    await assert.rejects(
      layout.list(),
      (error) => UnikernelError.has(error, "BUILD_FAILED") && error.message.includes("index.json"),
    );
  });

  it("rejects a repository or tag that no reference can name", async () => {
    for (const changes of [{ repository: "Shop" }, { repository: "" }, { tag: "a b" }]) {
      await assert.rejects(layout.putImage(options(changes)), (error) => UnikernelError.has(error, "INPUT_INVALID"));
    }
  });

  it("has layers that unpack to exactly one file", async () => {
    const layer = await writeLayer(kernel, "unikraft/bin/kernel", path.join(folder, "kernel.tar"));
    const out = path.join(folder, "out");
    await assert.rejects(extractLayer({ ...layer, entry: "etc/passwd" }, out), (error) =>
      UnikernelError.has(error, "BUILD_FAILED"),
    );
    await fsp.writeFile(layer.blob, "no tar at all, and longer than a header ".repeat(40));
    await assert.rejects(extractLayer(layer, out), (error) => UnikernelError.has(error, "BUILD_FAILED"));
    assert.equal(fs.existsSync(out), false);
  });
});

describe("a lock between processes", () => {
  it("admits one holder at a time, even if all previous holders died", async () => {
    const folder = await fsp.mkdtemp(path.join(os.tmpdir(), "lock-"));
    try {
      const dead = childProcess.spawnSync(process.execPath, ["-e", ""]).pid;
      const file = path.join(folder, "l");
      await fsp.writeFile(file, `${dead} one`);
      await fsp.writeFile(`${file}.one`, `${dead} two`);
      let inside = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 20 }, () =>
          withFileLock(file, async () => {
            most = Math.max(most, ++inside);
            await new Promise(setImmediate);
            inside--;
          }),
        ),
      );
      assert.equal(most, 1);
      assert.deepEqual(await fsp.readdir(folder), []);
    } finally {
      await fsp.rm(folder, { recursive: true });
    }
  });

  it("is released when the work fails", async () => {
    const folder = await fsp.mkdtemp(path.join(os.tmpdir(), "lock-"));
    try {
      await assert.rejects(
        withFileLock(path.join(folder, "l"), () => Promise.reject(new Error("no"))),
        /no/,
      );
      assert.equal(await withFileLock(path.join(folder, "l"), async () => 1), 1);
    } finally {
      await fsp.rm(folder, { recursive: true });
    }
  });

  it("is taken also where somebody removes the empty folder at that moment", async () => {
    const folder = await fsp.mkdtemp(path.join(os.tmpdir(), "lock-"));
    const real = fsp.writeFile;
    const remover = mock.method(require("node:fs/promises"), "writeFile", async (...args: Parameters<typeof real>) => {
      if (remover.mock.callCount() === 0) await fsp.rmdir(folder);
      return real(...args);
    });
    try {
      assert.equal(await withFileLock(path.join(folder, "l"), async () => 1), 1);
      assert.equal(remover.mock.callCount(), 2);
      assert.deepEqual(await fsp.readdir(folder), []);
    } finally {
      remover.mock.restore();
      await fsp.rm(folder, { recursive: true, force: true });
    }
  });
});
