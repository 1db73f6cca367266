import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { KRAFTFILE_NAMES } from "../../../../provider/image/kraftfile/findKraftfile";
import { loadKraftfile } from "../../../../provider/image/kraftfile/loadKraftfile";

const TEXT = "spec: v0.7\nruntime: base-compat:latest\n";
/** Far below what a blocked read takes, far above what a slow machine needs. */
const PROMPT_MS = 5_000;

describe("loading a Kraftfile", () => {
  let folder: string;
  let context: string;
  const at = (...names: string[]): string => path.join(context, ...names);
  const failure = async (kraftfile?: string): Promise<string> => {
    const startedAt = performance.now();
    const error = await loadKraftfile(context, kraftfile).then(
      () => assert.fail("the file was accepted"),
      (error: unknown) => error,
    );
    assert.ok(performance.now() - startedAt < PROMPT_MS);
    assert.ok(UnikernelError.has(error, "KRAFTFILE_INVALID"), String(error));
    return formatError(error).replaceAll(context, "<context>");
  };

  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "kraftfile-")));
    context = path.join(folder, "context");
    await fs.mkdir(context);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  for (const name of KRAFTFILE_NAMES) {
    it(`finds ${name}`, async () => {
      await fs.writeFile(at(name), TEXT);
      const { kraftfile, displayPath, folder: found, text } = await loadKraftfile(context);
      assert.equal(kraftfile.runtime, "base-compat:latest");
      assert.deepEqual([displayPath, found, text], [at(name), context, TEXT]);
    });
  }

  it("takes a file of any name, relative to the context, which paths in it stay relative to", async () => {
    await fs.mkdir(at("deploy"));
    await fs.writeFile(at("deploy", "prod.yml"), TEXT);
    await fs.writeFile(at("Kraftfile"), "spec: v0.7\nruntime: other\n");
    const { kraftfile, displayPath, folder: found } = await loadKraftfile(context, "deploy/prod.yml");
    assert.equal(kraftfile.runtime, "base-compat:latest");
    assert.deepEqual([displayPath, found], [at("deploy", "prod.yml"), context]);
  });

  it("follows a link inside of the context", async () => {
    await fs.writeFile(at("Kraftfile.prod"), TEXT);
    await fs.symlink("Kraftfile.prod", at("Kraftfile"));
    assert.equal((await loadKraftfile(context)).kraftfile.runtime, "base-compat:latest");
  });

  it("ignores a byte order mark", async () => {
    await fs.writeFile(at("Kraftfile"), `\uFEFF${TEXT}`);
    assert.equal((await loadKraftfile(context)).kraftfile.spec, "0.7");
  });

  it("lists both files if there are two", async () => {
    await fs.writeFile(at("Kraftfile"), TEXT);
    await fs.writeFile(at("kraft.yaml"), TEXT);
    assert.match(
      await failure(),
      /several Kraftfiles in '<context>': Kraftfile, kraft\.yaml\. .*name one with 'kraftfile'/,
    );
    assert.ok(await loadKraftfile(context, "kraft.yaml"));
  });

  it("names files that could be meant if there is none of the usual names", async () => {
    for (const name of ["Kraftfile.ls", "Kraftfile.cat", "Dockerfile"]) await fs.writeFile(at(name), TEXT);
    assert.match(
      await failure(),
      /There is no Kraftfile in '<context>'\. Name one with 'kraftfile': Kraftfile\.cat, Kraftfile\.ls\.$/,
    );
  });

  for (const dockerfile of ["Dockerfile", "app.Dockerfile", "Containerfile", "Dockerfile1"]) {
    it(`says what to add to a bare ${dockerfile}`, async () => {
      await fs.writeFile(at(dockerfile), "FROM scratch\n");
      assert.ok(
        (await failure()).includes(
          `names no kernel. Add a file 'Kraftfile' with the lines 'spec: v0.7', 'runtime: base-compat:latest' and 'rootfs: ./${dockerfile}'.`,
        ),
      );
    });
  }

  it("never reads outside of the context", async () => {
    await fs.writeFile(path.join(folder, "secret"), "spec: v0.7\nruntime: secret\n");
    await fs.symlink("../secret", at("Kraftfile"));
    await fs.symlink(folder, at("up"));
    for (const name of [undefined, "Kraftfile", "../secret", "up/secret", path.join(folder, "secret")]) {
      const text = await failure(name);
      assert.match(text, /is outside the image context/);
      assert.ok(!text.includes("runtime: secret"));
    }
  });

  it("fails at once for what is not a regular file", async () => {
    childProcess.execFileSync("mkfifo", [at("fifo")]);
    await fs.mkdir(at("folder"));
    await fs.symlink("/dev/zero", at("device"));
    await fs.symlink("loop", at("loop"));
    const server = net.createServer().listen(at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    assert.match(await failure("fifo"), /'<context>\/fifo' is not a regular file/);
    assert.match(await failure("folder"), /'<context>\/folder' is a folder\. A Kraftfile is a text file/);
    assert.match(await failure("device"), /outside the image context/);
    await fs.symlink("./nothing", at("dangling"));
    assert.match(
      await failure("loop"),
      /'<context>\/loop' is a symbolic link that leads back to itself\. Replace the link/,
    );
    assert.match(
      await failure("dangling"),
      /'<context>\/dangling' is a symbolic link to '\.\/nothing', which does not exist/,
    );
    assert.match(await failure("socket"), /cannot be opened as a file \(ENXIO\)/);
    assert.match(await failure("none"), /There is no file '<context>\/none'/);
    assert.match(await failure("a\0b"), /NUL/);
    await new Promise((resolve) => server.close(resolve));
  });

  it("finds a FIFO, a folder or a device of the usual name", async () => {
    childProcess.execFileSync("mkfifo", [at("Kraftfile")]);
    assert.match(await failure(), /KRAFTFILE_INVALID: context: '<context>\/Kraftfile' is not a regular file/);
    await fs.rm(at("Kraftfile"));
    await fs.mkdir(at("Kraftfile"));
    assert.match(await failure(), /'<context>\/Kraftfile' is a folder/);
    await fs.rmdir(at("Kraftfile"));
    await fs.symlink("Kraftfile", at("Kraftfile"));
    assert.match(await failure(), /'<context>\/Kraftfile' is a symbolic link that leads back to itself/);
  });

  it("reads at most 1 MiB", async () => {
    await fs.writeFile(at("Kraftfile"), TEXT + "#".repeat(2 ** 20 - TEXT.length));
    assert.ok(await loadKraftfile(context));
    await fs.appendFile(at("Kraftfile"), "#");
    assert.match(await failure(), /'<context>\/Kraftfile' is larger than 1 MiB/);
    await fs.truncate(at("Kraftfile"), 100 * 2 ** 20);
    const before = process.memoryUsage.rss();
    assert.match(await failure(), /larger than 1 MiB/);
    assert.ok(process.memoryUsage.rss() - before < 50 * 2 ** 20);
  });

  it("rejects a file that is not UTF-8 text", async () => {
    await fs.writeFile(at("Kraftfile"), Buffer.from([0xff, 0xfe, 0x00]));
    assert.match(await failure(), /cannot be read as UTF-8 text/);
  });
});
