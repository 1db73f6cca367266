import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { buildImage } from "../../../../provider/image/build/buildImage";
import { type BuildPlan, planBuild } from "../../../../provider/image/build/planBuild";
import { isErofs, readErofs } from "../../../../provider/image/erofs/read";
import { readCpio } from "../../../../provider/image/cpio/read";
import { extractLayer } from "../../../../provider/image/oci/layer";
import { openLayout } from "../../../../provider/image/oci/layout";
import type { StoredImage } from "../../../../provider/image/oci/storedImage";

const QEMU = "targets: [qemu/x86_64]";

/** The head of an ELF file for x86-64. */
const ELF = Buffer.alloc(64);
ELF.write("\x7fELF", "latin1");
ELF[18] = 62;

describe("an image without a runtime", () => {
  let folder: string;
  let context: string;
  let scratch: string;
  const environment = { PATH: process.env["PATH"] };

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "kernel-"));
    [context, scratch] = [path.join(folder, "context"), path.join(folder, "scratch")];
    await fs.mkdir(path.join(context, "rootfs"), { recursive: true });
    await fs.mkdir(scratch);
    await fs.writeFile(path.join(context, "rootfs", "page"), "hello");
    await fs.writeFile(path.join(context, "app.kernel"), ELF);
  });
  afterEach(async () => {
    Object.assign(process.env, environment);
    await fs.rm(folder, { recursive: true });
  });

  const write = (text: string): Promise<void> => fs.writeFile(path.join(context, "Kraftfile"), text);
  const plan = (): Promise<BuildPlan> => planBuild({ context, name: "app", scratch });
  const build = async (planned: BuildPlan): Promise<StoredImage> => {
    const layout = path.join(folder, "images");
    const resolveRuntime = (): Promise<never> => Promise.reject(new Error("there is no runtime"));
    await buildImage(planned, { layout, repository: "app", resolveRuntime });
    const image = await openLayout(layout).resolve("app");
    assert.ok(image);
    return image;
  };
  const rejection = async (text: string): Promise<string> => {
    await write(text);
    const error: unknown = await plan().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), String(error));
    return error.message;
  };

  // The two tools' forms of a prebuilt kernel.
  for (const kernel of ["runtime: kernel://app.kernel", "unikraft: {type: kernel, source: app.kernel}"]) {
    it(`has the kernel file of '${kernel}'`, async () => {
      await write(`spec: v0.7\n${kernel}\n${QEMU}\nrootfs: ./rootfs\ncmd: [/page]\n`);
      const planned = await plan();
      const image = await build(planned);
      assert.deepEqual(image.platform, { os: "qemu", architecture: "x86_64" });
      assert.ok(image.kernel);
      await extractLayer(image.kernel, path.join(folder, "extracted"));
      assert.deepEqual(await fs.readFile(path.join(folder, "extracted")), ELF);
      await fs.writeFile(path.join(context, "app.kernel"), Buffer.concat([ELF, ELF]));
      assert.notEqual((await plan()).contextHash, planned.contextHash);
      await assert.rejects(build(planned), { code: "CONTEXT_INVALID", message: /'\/app\.kernel' changed/ });
    });
  }

  it("boots with the node's kernel if it has files only", async () => {
    await write(`spec: v0.7\ntargets: [kraftcloud/x86_64]\nrootfs: ./rootfs\ncmd: [/page]\n`);
    const { kernel, initrd, platform, cmd } = await build(await plan());
    assert.equal(kernel, undefined);
    assert.ok(initrd);
    assert.deepEqual([platform.os, platform.architecture, cmd], ["kraftcloud", "x86_64", ["/page"]]);
  });

  it("can be ROMs only, in order, in whole pages, as EROFS unless the Kraftfile says CPIO", async () => {
    await fs.mkdir(path.join(context, "more"));
    await fs.writeFile(path.join(context, "more", "b"), "b".repeat(5000));
    await write(`spec: v0.7\n${QEMU}\nroms:\n  - ./rootfs\n  - {source: ./more, format: cpio}\n`);
    const planned = await plan();
    const { kernel, initrd, roms = [] } = await build(planned);
    assert.deepEqual([kernel, initrd, roms.length], [undefined, undefined, 2]);
    const [first, second] = roms;
    assert.ok(first && second);
    // Source: unikraft-cloud/x image-spec: the platform rejects a ROM that is not a whole number of pages.
    for (const { sizeBytes, blob } of roms) {
      assert.equal(sizeBytes % 4096, 0);
      assert.equal((await fs.stat(blob)).size, sizeBytes);
    }
    assert.ok(await isErofs(first.blob));
    assert.deepEqual([...(await readErofs(first.blob)).keys()], ["page"]);
    assert.deepEqual([...readCpio(await fs.readFile(second.blob)).keys()], ["b"]);
    await fs.writeFile(path.join(context, "more", "b"), "c".repeat(5000));
    assert.notEqual((await plan()).contextHash, planned.contextHash);
  });

  it("is rejected with its position and what to write", async () => {
    assert.match(await rejection("spec: v0.7\n"), /^\S*Kraftfile:1:1: 'runtime' is missing: an image needs a kernel/);
    assert.match(
      await rejection("spec: v0.7\nrootfs: ./rootfs\n"),
      /:1:1: an image without 'runtime' needs its platforms in 'targets'/,
    );
    assert.match(
      await rejection("spec: v0.7\ntargets: [qemu/x86_64, fc/x86_64]\nruntime: kernel://app.kernel\n"),
      /:3:10: a kernel file is for one platform.*found: qemu\/x86_64, fc\/x86_64/,
    );
    await fs.symlink("/etc/hostname", path.join(context, "outside"));
    assert.match(
      await rejection(`spec: v0.7\n${QEMU}\nruntime: kernel://outside\n`),
      /:3:10: the kernel 'outside' leaves the image context through a symbolic link/,
    );
    assert.match(await rejection(`spec: v0.7\n${QEMU}\nruntime: kernel://rootfs\n`), /'rootfs' is a directory/);
    assert.match(await rejection(`spec: v0.7\n${QEMU}\nruntime: kernel://none\n`), /'none' does not exist/);
    for (const rest of ["runtime: kernel://https://example.com/kernel", "rootfs: https://example.com/rootfs.tar"])
      assert.match(
        await rejection(`spec: v0.7\n${QEMU}\n${rest}\n`),
        /:3:\d+: .*'https:\/\/example\.com\/\S+' is a URL, which is not supported; download it .* 'oci:\/\/…'\./,
      );
    assert.match(
      await rejection(`spec: v0.7\nruntime: base\nroms: [./none]\n`),
      /:3:8: rom '\.\/none' does not exist; create it or correct the path/,
    );
  });

  it("rejects a kernel file that is none, or one of another architecture", async () => {
    const reject = async (content: string | Buffer, target = "qemu/x86_64"): Promise<string> => {
      await fs.writeFile(path.join(context, "app.kernel"), content);
      return rejection(`spec: v0.7\ntargets: [${target}]\nruntime: kernel://app.kernel\n`);
    };
    for (const content of ["", "a text", "#!/bin/sh\n".repeat(200), "\x7fELF"])
      assert.match(await reject(content), /^\S*Kraftfile:3:10: 'app\.kernel' is not a kernel; use an ELF file/);
    const bzImage = Buffer.alloc(0x400);
    bzImage.write("HdrS", 0x202);
    assert.match(
      await reject(bzImage, "qemu/arm64"),
      /'app\.kernel' is a kernel for x86_64, but the target is arm64\./,
    );
    const image = Buffer.alloc(0x40);
    image.write("ARM\x64", 0x38);
    assert.match(await reject(image), /'app\.kernel' is a kernel for arm64, but the target is x86_64\./);
    // Node's own program is an ELF file of this machine's architecture.
    await fs.writeFile(path.join(context, "app.kernel"), (await fs.readFile(process.execPath)).subarray(0, 4096));
    await write(
      `spec: v0.7\ntargets: [fc/${process.arch === "x64" ? "x86_64" : process.arch}]\nruntime: kernel://app.kernel\n`,
    );
    assert.equal((await plan()).kernel.type, "file");
  });

  describe("that compiles its kernel", () => {
    const UNIKRAFT = `spec: v0.6\nname: app\nunikraft: stable\n${QEMU}\nrootfs: ./rootfs\ncmd: [/page]\n`;

    it("is rejected without kraft, and says how to install it", async () => {
      process.env["PATH"] = folder;
      await write(UNIKRAFT);
      await assert.rejects(plan(), (error) => {
        assert.ok(UnikernelError.has(error, "BUILDER_MISSING"));
        assert.match(`${error.message} ${error.hint}`, /needs the tool 'kraft'.*Install it \(https:\/\/unikraft\.org/);
        return true;
      });
    });

    it("has the kernel that kraft leaves, and is planned again only if a source changes", async () => {
      const script = `#!/bin/sh\ncd "$(for a; do :; done; echo "$a")" && mkdir -p .unikraft/build && echo compiled >.unikraft/build/app_qemu-x86_64\n`;
      await fs.mkdir(path.join(folder, "bin"));
      await fs.writeFile(path.join(folder, "bin", "kraft"), script, { mode: 0o755 });
      process.env["PATH"] = `${path.join(folder, "bin")}:${environment.PATH ?? ""}`;
      await write(UNIKRAFT);
      const planned = await plan();
      const { kernel } = await build(planned);
      assert.ok(kernel);
      await extractLayer(kernel, path.join(folder, "extracted"));
      assert.equal(await fs.readFile(path.join(folder, "extracted"), "utf8"), "compiled\n");
      assert.equal((await plan()).contextHash, planned.contextHash, "kraft's own output does not count");
      await fs.writeFile(path.join(context, "main.c"), "int main() {}");
      assert.notEqual((await plan()).contextHash, planned.contextHash);
    });
  });
});
