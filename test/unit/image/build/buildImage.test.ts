import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import * as zlib from "node:zlib";
import * as tar from "tar-stream";
import { UnikernelError, type ErrorCode } from "../../../../provider/base/errors";
import { buildImage } from "../../../../provider/image/build/buildImage";
import type { BuiltImage } from "../../../../provider/image/build/pack/options";
import { type BuildPlan, planBuild } from "../../../../provider/image/build/planBuild";
import { packTree } from "../../../../provider/image/pack/packTree";
import { readErofs } from "../../../../provider/image/erofs/read";
import { readCpio } from "../../../../provider/image/cpio/read";
import { extractLayer } from "../../../../provider/image/oci/layer";
import { givenTexts } from "../../../support/givenFiles";
import { writeLayer } from "../../../support/layers";
import { isBuiltWithoutFiles } from "../../../../provider/image/oci/indexJson";
import { openLayout } from "../../../../provider/image/oci/layout";
import type { StoredImage } from "../../../../provider/image/oci/storedImage";
import { fromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import type { FileTree, TreeEntry } from "../../../../provider/image/rootfs/tree";
import type { RuntimeImage } from "../../../../provider/image/runtimeImage";

const KRAFTFILE = `spec: v0.7
runtime: linux:latest
rootfs: ./rootfs
cmd: [/bin/httpd, -f]
env: {PORT: 8080}
`;

describe("building an image", () => {
  let folder: string;
  let context: string;
  let layout: string;
  let runtime: RuntimeImage;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "build-"));
    context = path.join(folder, "context");
    layout = path.join(folder, "images");
    await writeContext(context);
    const kernel = path.join(folder, "kernel");
    await fs.writeFile(kernel, "a kernel");
    runtime = {
      reference: "linux:latest",
      platform: { os: "qemu", architecture: "x86_64" },
      kernelLayer: await writeLayer(kernel, "unikraft/bin/kernel", path.join(folder, "kernel.tar")),
      cmd: ["/bin/sh"],
      env: { PATH: "/bin", PORT: "1" },
    };
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const writeContext = async (target: string, kraftfile = KRAFTFILE): Promise<void> => {
    await fs.mkdir(path.join(target, "rootfs/www"), { recursive: true });
    await fs.writeFile(path.join(target, "Kraftfile"), kraftfile);
    await fs.writeFile(path.join(target, "rootfs/www/index.html"), "hello");
    await fs.symlink("/bin/busybox", path.join(target, "rootfs/sh"));
  };
  const write = (text: string): Promise<void> => fs.writeFile(path.join(context, "Kraftfile"), text);
  const plan = (files: Record<string, string> = {}, from = context): Promise<BuildPlan> =>
    planBuild({ context: from, files: givenTexts(files), name: "shop", scratch: folder });
  const build = (planned: BuildPlan, runtimeImage: RuntimeImage = runtime, target = layout): Promise<BuiltImage> =>
    buildImage(planned, { layout: target, repository: "shop", resolveRuntime: async () => [runtimeImage] });
  const stored = async (): Promise<StoredImage> => {
    const image = await openLayout(layout).resolve("shop");
    assert.ok(image);
    return image;
  };
  const initrd = async (): Promise<FileTree> => {
    const layer = (await stored()).initrd;
    assert.ok(layer);
    await extractLayer(layer, path.join(folder, "initrd"));
    return readCpio(await fs.readFile(path.join(folder, "initrd")));
  };
  const textAt = (tree: FileTree, name: string): string | undefined => {
    const entry = tree.get(name);
    return entry?.type === "file" && "bytes" in entry.content ? Buffer.from(entry.content.bytes).toString() : undefined;
  };

  it("stores root file system and files in a layer on the runtime's kernel layer", async () => {
    const built = await build(await plan({ "/etc/app.conf": "port=1" }));
    const image = await stored();
    assert.deepEqual([image.digest, image.sizeBytes], [built.digest, built.sizeBytes]);
    assert.equal(image.kernel?.digest, runtime.kernelLayer.digest);
    const tree = await initrd();
    assert.deepEqual([...tree.keys()], ["etc", "etc/app.conf", "sh", "www", "www/index.html"]);
    assert.equal(textAt(tree, "etc/app.conf"), "port=1");
    assert.equal(textAt(tree, "www/index.html"), "hello");
  });

  it("merges env over the runtime's, and takes cmd and labels from the Kraftfile alone", async () => {
    await build(await plan());
    const { cmd, env, labels } = await stored();
    assert.deepEqual(
      { cmd, env, labels },
      { cmd: ["/bin/httpd", "-f"], env: { PATH: "/bin", PORT: "8080" }, labels: {} },
    );
    await write("spec: v0.7\nruntime: linux:latest\nlabels: {a: b}\n");
    await build(await plan());
    assert.deepEqual([(await stored()).cmd, (await stored()).labels], [["/bin/sh"], { a: "b" }]);
  });

  it("puts the root file system over the runtime's base and keeps the runtime's /init", async () => {
    const init: TreeEntry = { type: "file", mode: 0o755, content: { bytes: Buffer.from("#!init") } };
    const based: RuntimeImage = {
      ...runtime,
      baseTree: new Map([
        ["init", init],
        ["www/old.html", init],
      ]),
    };
    await build(await plan(), based);
    const tree = await initrd();
    assert.deepEqual([...tree.keys()], ["init", "sh", "www", "www/index.html", "www/old.html"]);
    await assert.rejects(
      build(await plan({ "/init": "mine" }), based),
      (error) => UnikernelError.has(error, "CONTEXT_INVALID") && error.message.includes("'/init'"),
    );
    await build(await plan({ "/init": "mine" }));
    assert.equal(textAt(await initrd(), "init"), "mine");
  });

  it("keeps the runtime's initrd if the image has no files", async () => {
    await write("spec: v0.7\nruntime: linux:latest\n");
    const own = await writeLayer(path.join(folder, "kernel"), "unikraft/bin/initrd", path.join(folder, "initrd.tar"));
    await build(await plan(), { ...runtime, initrdLayer: own });
    assert.equal((await stored()).initrd?.digest, own.digest);
    await build(await plan({ "/a": "b" }), { ...runtime, initrdLayer: own });
    assert.deepEqual([...(await initrd()).keys()], ["a"]);
    await build(await plan(), runtime);
    assert.equal((await stored()).initrd, undefined);
  });

  it("produces one digest for equal content, whatever the times, umask, owner, folder and layout", async () => {
    const copy = path.join(folder, "elsewhere/deep/copy");
    await writeContext(copy);
    await fs.chmod(path.join(copy, "rootfs/www/index.html"), 0o664);
    await fs.chmod(path.join(copy, "rootfs/www"), 0o2770);
    if (process.getuid?.() === 0) await fs.chown(path.join(copy, "rootfs/www/index.html"), 1234, 5678);
    await fs.utimes(path.join(copy, "rootfs/www/index.html"), 1, 1);
    await fs.utimes(path.join(copy, "rootfs/www"), 86_400, 86_400);
    const [one, two] = [await plan({}, context), await plan({}, copy)];
    assert.equal(one.contextHash, two.contextHash);
    assert.deepEqual(await build(one), await build(two, runtime, path.join(folder, "other")));
  });

  it("builds one image from a directory and from archives of its tree, at any stage of compression", async () => {
    await fs.mkdir(path.join(context, "rootfs/empty"));
    const listed = await plan();
    const wanted = await build(listed);
    const tree = await fromDirectory(path.join(await fs.realpath(context), "rootfs"));
    const pack = tar.pack();
    for (const [name, entry] of tree) {
      if (entry.type === "file") pack.entry({ name, mode: entry.mode }, "hello");
      else if (entry.type === "directory") pack.entry({ name, type: "directory", mode: entry.mode });
      else pack.entry({ name, type: "symlink", linkname: entry.target });
    }
    pack.finalize();
    const archive = await buffer(pack);
    await fs.writeFile(path.join(context, "root.tar"), archive);
    await fs.writeFile(path.join(context, "root.tgz"), zlib.gzipSync(archive));
    for (const format of ["cpio", "erofs"] as const)
      await packTree(tree, format, { file: path.join(context, `root.${format}`) });
    for (const source of ["root.tar", "root.tgz", "root.cpio", "root.erofs"]) {
      await write(KRAFTFILE.replace("./rootfs", source));
      const planned = await plan();
      assert.equal(planned.contextHash, listed.contextHash, source);
      assert.equal((await build(planned)).digest, wanted.digest, source);
    }
    await write(KRAFTFILE.replace("./rootfs", "root.tar"));
    await fs.truncate(path.join(context, "root.tar"), 1000);
    await assert.rejects(
      plan(),
      (error) =>
        UnikernelError.has(error, "CONTEXT_INVALID") && /root\.tar' is not a usable tar archive/.test(error.message),
    );
  });

  it("packs an EROFS image with the runtime's base and what mounts it", async () => {
    const file: TreeEntry = { type: "file", mode: 0o755, content: { bytes: Buffer.from("x") } };
    const based: RuntimeImage = { ...runtime, baseTree: new Map([["init", file]]), erofsFiles: new Map([["m", file]]) };
    await write(KRAFTFILE.replace("./rootfs", "{source: ./rootfs, format: erofs}"));
    await build(await plan(), based);
    const layer = (await stored()).initrd;
    assert.ok(layer);
    await extractLayer(layer, path.join(folder, "rootfs.erofs"));
    const tree = await readErofs(path.join(folder, "rootfs.erofs"));
    assert.deepEqual([...tree.keys()].sort(), ["init", "m", "sh", "www", "www/index.html"]);
    await write(KRAFTFILE);
    await build(await plan(), based);
    assert.deepEqual([...(await initrd()).keys()].sort(), ["init", "sh", "www", "www/index.html"]);
  });

  it("keeps modes on request, and then they change the content hash", async () => {
    await fs.chmod(path.join(context, "rootfs/www/index.html"), 0o640);
    const preserving = (): Promise<BuildPlan> =>
      planBuild({ context, name: "shop", preserveModes: true, scratch: folder });
    const planned = await preserving();
    await build(planned);
    const entry = (await initrd()).get("www/index.html");
    assert.equal(entry?.type === "file" ? entry.mode : 0, 0o640);
    await fs.chmod(path.join(context, "rootfs/www/index.html"), 0o600);
    assert.notEqual((await preserving()).contextHash, planned.contextHash);
  });

  it("fails if a file changes between plan and build, and never reads what replaced it", async () => {
    const file = path.join(context, "rootfs/www/index.html");
    const outside = path.join(folder, "secret");
    await fs.writeFile(outside, "hello");
    const replacements: Record<string, () => Promise<unknown>> = {
      "another size": () => fs.writeFile(file, "hello, world"),
      "the same size": () => fs.writeFile(file, "hallo"),
      "another file": () => fs.rm(file).then(() => fs.writeFile(file, "hello")),
      "a link": () => fs.rm(file).then(() => fs.symlink(outside, file)),
      "a link to itself": () => fs.rm(file).then(() => fs.symlink("index.html", file)),
      "a FIFO": () => fs.rm(file).then(() => void childProcess.execFileSync("mkfifo", [file])),
      "a directory": () => fs.rm(file).then(() => fs.mkdir(file)),
      nothing: () => fs.rm(file),
      "a link in place of its folder": async () => {
        await fs.rename(path.join(context, "rootfs/www"), path.join(folder, "moved"));
        await fs.symlink(path.join(folder, "moved"), path.join(context, "rootfs/www"));
      },
    };
    for (const [what, replace] of Object.entries(replacements)) {
      await fs.rm(path.join(context, "rootfs"), { recursive: true, force: true });
      await writeContext(context);
      const planned = await plan();
      await replace();
      await assert.rejects(
        build(planned),
        (error) => {
          assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"), `${what}: ${String(error)}`);
          assert.match(error.message, /'\/www\/index\.html'/, what);
          return true;
        },
        what,
      );
    }
    assert.deepEqual(await openLayout(layout).list(), []);
  });

  it("merges a tree whose folders are links with the runtime's files, as the guest sees it", async () => {
    await fs.mkdir(path.join(context, "rootfs/usr/bin"), { recursive: true });
    await fs.symlink("usr/bin", path.join(context, "rootfs/bin"));
    await fs.writeFile(path.join(context, "rootfs/usr/bin/app"), "app", { mode: 0o755 });
    const busybox: TreeEntry = { type: "file", mode: 0o755, content: { bytes: Buffer.from("elf") } };
    const based: RuntimeImage = {
      ...runtime,
      baseTree: new Map<string, TreeEntry>([
        ["unikernel/busybox", busybox],
        ["bin/ls", { type: "symlink", target: "../unikernel/busybox" }],
        ["usr/bin/env", { type: "symlink", target: "../../unikernel/busybox" }],
      ]),
    };
    await build(await plan(), based);
    const tree = await initrd();
    const links = [...tree].flatMap(([name, entry]) =>
      entry.type === "symlink" ? [`${name} -> ${entry.target}`] : [],
    );
    assert.deepEqual(links, [
      "bin -> usr/bin",
      "sh -> /bin/busybox",
      "usr/bin/env -> ../../unikernel/busybox",
      "usr/bin/ls -> /unikernel/busybox",
    ]);
  });

  const changes: Record<string, () => Promise<unknown>> = {
    "a byte of a file": () => fs.writeFile(path.join(context, "rootfs/www/index.html"), "hallo"),
    "an x-bit": () => fs.chmod(path.join(context, "rootfs/www/index.html"), 0o744),
    "a name": () => fs.rename(path.join(context, "rootfs/www"), path.join(context, "rootfs/web")),
    "an empty folder": () => fs.mkdir(path.join(context, "rootfs/empty")),
    "a link's target": async () => {
      await fs.rm(path.join(context, "rootfs/sh"));
      await fs.symlink("/bin/dash", path.join(context, "rootfs/sh"));
    },
    "the runtime": () => write(KRAFTFILE.replace("linux:latest", "linux:6.1")),
    "the command": () => write(KRAFTFILE.replace("-f", "-v")),
    "the environment": () => write(KRAFTFILE.replace("8080", "80")),
    "the labels": () => write(`${KRAFTFILE}labels: {a: b}\n`),
    "the targets": () => write(`${KRAFTFILE}targets: [qemu/x86_64]\n`),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`changes the content hash when this changes: ${what}`, async () => {
      const before = (await plan()).contextHash;
      await change();
      assert.notEqual((await plan()).contextHash, before);
    });
  }

  it("ignores comments, key order, spelling and name in the content hash", async () => {
    const { contextHash } = await plan();
    await write(
      "# a comment\nspecification: 'v0.7.0'\nenv: ['PORT=8080']\ncmd: /bin/httpd -f\nname: other\nrootfs: rootfs/\nruntime: oci://linux:latest\n",
    );
    assert.equal((await planBuild({ context, name: "else", scratch: folder })).contextHash, contextHash);
    assert.notEqual((await plan({ "/x": "1" })).contextHash, contextHash);
    assert.notEqual((await plan({ "/x": "1" })).contextHash, (await plan({ "/y": "1" })).contextHash);
  });

  it("targets the runtime's platform, which must be among its declared targets", async () => {
    await write(`${KRAFTFILE}targets: [qemu/x86_64, kvm/amd64]\n`);
    await build(await plan());
    assert.deepEqual((await stored()).platform, { os: "qemu", architecture: "x86_64" });
    await write(`${KRAFTFILE}targets: [qemu/arm64]\n`);
    await assert.rejects(
      build(await plan()),
      (error) => UnikernelError.has(error, "KRAFTFILE_INVALID") && /qemu\/arm64.*qemu\/x86_64/.test(error.message),
    );
  });

  it("passes on an error of the runtime resolver and stores nothing", async () => {
    const failing = {
      layout,
      repository: "shop",
      resolveRuntime: () => Promise.reject(new UnikernelError("RUNTIME_UNAVAILABLE", "no")),
    };
    await assert.rejects(buildImage(await plan(), failing), (error) =>
      UnikernelError.has(error, "RUNTIME_UNAVAILABLE"),
    );
    assert.deepEqual(await openLayout(layout).list(), []);
  });

  it("stops on abort and leaves nothing behind", async () => {
    const controller = new AbortController();
    const planned = await plan();
    const options = {
      layout,
      repository: "shop",
      resolveRuntime: async () => [runtime],
      signal: controller.signal,
      onProgress: ({ step }: { step: string }) => void (step === "store" && controller.abort(new Error("enough"))),
    };
    await assert.rejects(buildImage(planned, options), /enough/);
    assert.deepEqual(await openLayout(layout).list(), []);
    assert.deepEqual(await fs.readdir(path.join(layout, "staging")), []);
  });

  const invalid: Record<string, [prepare: () => Promise<unknown>, code: ErrorCode, why: RegExp]> = {
    "a missing context": [() => fs.rm(context, { recursive: true }), "CONTEXT_INVALID", /context' does not exist/],
    "a context that is a file": [
      async () => {
        await fs.rm(context, { recursive: true });
        await fs.writeFile(context, "");
      },
      "CONTEXT_INVALID",
      /is not a folder/,
    ],
    "no Kraftfile": [() => fs.rm(path.join(context, "Kraftfile")), "KRAFTFILE_INVALID", /There is no Kraftfile in/],
    "two Kraftfiles": [
      () => fs.writeFile(path.join(context, "kraft.yaml"), KRAFTFILE),
      "KRAFTFILE_INVALID",
      /several Kraftfiles.*Kraftfile, kraft\.yaml/,
    ],
    "a Kraftfile that is not text": [
      () => fs.writeFile(path.join(context, "Kraftfile"), Buffer.from([0xff, 0xfe])),
      "KRAFTFILE_INVALID",
      /UTF-8/,
    ],
    "a rootfs that escapes through a link": [
      async () => {
        await fs.rm(path.join(context, "rootfs"), { recursive: true });
        await fs.symlink(folder, path.join(context, "rootfs"));
      },
      "KRAFTFILE_INVALID",
      /\/context\/Kraftfile:3:9: rootfs '.\/rootfs' leaves the image context through a symbolic link; replace .*\.\n {2}rootfs: \.\/rootfs\n {10}\^/,
    ],
    "a file over 4 GiB": [
      () => fs.truncate(path.join(context, "rootfs/www/index.html"), 2 ** 32 + 1),
      "CONTEXT_INVALID",
      /\/www\/index\.html.*4 GiB/,
    ],
  };
  for (const [what, [prepare, code, why]] of Object.entries(invalid)) {
    it(`fails before anything is built: ${what}`, async () => {
      await prepare();
      await assert.rejects(plan(), (error) => {
        assert.ok(UnikernelError.has(error, code), String(error));
        assert.match(error.message, why);
        return true;
      });
    });
  }

  it("records outside of the digest whether files were given, which may be secret", async () => {
    const isSafe = ({ digest }: BuiltImage): Promise<boolean> => isBuiltWithoutFiles(layout, digest);
    const plain = await build(await plan());
    assert.equal(await isSafe(plain), true);
    const secret = await build(await plan({ "/key": "s3cret" }));
    assert.deepEqual([await isSafe(secret), await isSafe(plain)], [false, true]);
    const same = await build(await plan({ "/www/index.html": "hello" }));
    assert.deepEqual([same.digest, await isSafe(same)], [plain.digest, false], "the same image, now of a given file");
    assert.equal(await isBuiltWithoutFiles(layout, `sha256:${"0".repeat(64)}`), false);
  });
});
