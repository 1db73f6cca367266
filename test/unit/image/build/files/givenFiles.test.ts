/** The contents of files that a program adds to an image. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { UnikernelError } from "../../../../../provider/base/errors";
import { type BuildInputs, type BuildPlan, planBuild } from "../../../../../provider/image/build/planBuild";
import {
  type ContentOrigin,
  type GivenFile,
  loadGivenFiles,
} from "../../../../../provider/image/build/files/givenFiles";
import { createHashKey, hashSecretContents } from "../../../../../provider/image/build/files/secretHash";
import { ContentReader } from "../../../../../provider/image/pack/contentReader";
import { FileDigests } from "../../../../../provider/image/pack/fileDigests";
import { type FileContent, sizeOf } from "../../../../../provider/image/rootfs/tree";
import { givenTexts } from "../../../../support/givenFiles";

const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");
const invalid =
  (reason: RegExp) =>
  (error: unknown): boolean =>
    UnikernelError.has(error, "CONTEXT_INVALID") && error.property === 'files["/etc/x"]' && reason.test(error.message);

describe("given files", () => {
  let folder: string;
  let scratch: string;
  let server: http.Server;
  let url: string;

  before(async () => {
    server = http.createServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/file" }).end();
      else response.writeHead(request.url?.startsWith("/file") === true ? 200 : 404).end("remote");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "given-"));
    scratch = path.join(folder, "scratch");
    await fs.mkdir(scratch);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const fileAt = (origin: ContentOrigin, hash?: string): GivenFile => ({
    ...{ origin, sha256: hash, mode: 0o640, uid: 1, gid: 2 },
  });
  async function load(file: GivenFile): Promise<FileContent> {
    const loaded = await loadGivenFiles(new Map([["/etc/x", file]]), { scratch, digests: new FileDigests() });
    for (const problem of loaded.problems) throw problem;
    const entry = loaded.files.get("/etc/x");
    assert.ok(entry);
    assert.deepEqual([entry.mode, entry.uid, entry.gid], [0o640, 1, 2]);
    return entry.content;
  }
  function textOf(content: FileContent): string {
    using reader = new ContentReader();
    const bytes = Buffer.alloc(sizeOf(content));
    const opened = reader.open("x", content);
    opened.read(bytes, 0, bytes.length);
    opened.assertUnchanged();
    opened.close();
    return bytes.toString();
  }

  it("are texts, files through links, and downloads", async () => {
    const file = path.join(folder, "file");
    await fs.writeFile(file, "local");
    await fs.symlink(file, path.join(folder, "link"));
    assert.equal(textOf(await load(fileAt({ text: "é" }))), "é");
    assert.equal(textOf(await load(fileAt({ path: file }, sha256("local")))), "local");
    assert.equal(textOf(await load(fileAt({ path: path.join(folder, "link") }))), "local");
    assert.equal(textOf(await load(fileAt({ uri: pathToFileURL(file).href }, sha256("local")))), "local");
    assert.equal(textOf(await load(fileAt({ uri: `${url}/moved` }, sha256("remote")))), "remote");
    assert.equal((await fs.stat(path.join(scratch, "file-0"))).mode & 0o777, 0o600);
  });

  it("fail if they are not what the program named", async () => {
    const file = path.join(folder, "file");
    await fs.writeFile(file, "changed");
    const fifo = path.join(folder, "fifo");
    childProcess.execFileSync("mkfifo", [fifo]);
    const changed = /^'\/etc\/x' is an asset whose content changed/;
    await assert.rejects(load(fileAt({ path: file }, sha256("local"))), invalid(changed));
    await assert.rejects(load(fileAt({ uri: `${url}/file` }, sha256("local"))), invalid(changed));
    await assert.rejects(load(fileAt({ path: path.join(folder, "none") })), invalid(/but '.*none' does not exist/));
    await assert.rejects(load(fileAt({ path: fifo })), invalid(/'.*fifo' is not a file/));
    await assert.rejects(load(fileAt({ path: folder })), invalid(/is not a file/));
    await assert.rejects(
      load(fileAt({ uri: "ftp://example.com/x" })),
      invalid(/another kind than https, http and file/),
    );
    await fs.rm(path.join(scratch, "file-0"));
    await assert.rejects(
      load(fileAt({ uri: `${url}/none?signature=hunter2` })),
      (error) => invalid(/cannot be downloaded from http.*\/none: .*404/)(error) && !String(error).includes("hunter2"),
    );
  });

  it("have no digest in what is saved about the files of a context", async () => {
    const [file, saved] = [path.join(folder, "file"), path.join(folder, "digests")];
    await fs.writeFile(file, "1234");
    await fs.utimes(file, 1, 1);
    const digests = new FileDigests();
    const given = fileAt({ path: file }, sha256("1234"));
    await loadGivenFiles(new Map([["/etc/x", given]]), { scratch, digests });
    await digests.save(saved);
    assert.ok(!(await fs.readFile(saved, "utf8").catch(() => "")).includes(sha256("1234")));
  });

  it("fail the build if they change, or become a link or FIFO, after the plan", async () => {
    const file = path.join(folder, "file");
    const replacements: Readonly<Record<string, () => Promise<unknown>>> = {
      "a write": () => fs.writeFile(file, "other"),
      "a link": () => fs.rm(file).then(() => fs.symlink("/etc/hostname", file)),
      "a FIFO": () => fs.rm(file).then(() => void childProcess.execFileSync("mkfifo", [file])),
    };
    for (const [what, replace] of Object.entries(replacements)) {
      await fs.rm(file, { force: true });
      await fs.writeFile(file, "local");
      const content = await load(fileAt({ path: file }));
      await replace();
      assert.throws(
        () => textOf(content),
        (error) => UnikernelError.has(error, "CONTEXT_INVALID") && error.property === 'files["/etc/x"]',
        what,
      );
    }
  });

  describe("in a plan", () => {
    const plan = async (inputs: Partial<BuildInputs>): Promise<BuildPlan> => {
      const context = path.join(folder, "context");
      await fs.mkdir(path.join(context, "rootfs/etc"), { recursive: true });
      await fs.writeFile(path.join(context, "rootfs/etc/hosts"), "");
      await fs.writeFile(path.join(context, "Kraftfile"), "spec: v0.7\nruntime: linux:latest\nrootfs: ./rootfs\n");
      return planBuild({ context, name: "shop", scratch, ...inputs });
    };
    const withFile = (file: Partial<GivenFile>, hashKey?: Uint8Array): Promise<BuildPlan> =>
      plan({ files: new Map([["/etc/pin", { ...fileAt({ text: "1234" }), ...file }]]), hashKey });

    it("count in the context hash by path, mode and owner, not by content", async () => {
      const { contextHash } = await withFile({});
      assert.equal((await withFile({ origin: { text: "4321" } })).contextHash, contextHash);
      const others = [
        await withFile({ mode: 0o600 }),
        await withFile({ uid: 9 }),
        await withFile({ gid: 9 }),
        await plan({}),
      ];
      assert.equal(new Set([contextHash, ...others.map((other) => other.contextHash)]).size, 5);
    });

    it("count in the secret hash by content, which nobody can guess without its key", async () => {
      const key = createHashKey();
      const { secretHash } = await withFile({}, key);
      assert.equal((await withFile({ mode: 0o600 }, key)).secretHash, secretHash);
      assert.notEqual((await withFile({ origin: { text: "4321" } }, key)).secretHash, secretHash);
      assert.notEqual((await withFile({}, createHashKey())).secretHash, secretHash);
      assert.equal((await plan({ hashKey: key })).secretHash, undefined);
    });

    it("have the same hash as HMAC-SHA-256 of openssl", () => {
      const key = Buffer.from("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "hex");
      const digest = `sha256:${sha256("1234")}` as const;
      const { stdout } = childProcess.spawnSync(
        "openssl",
        ["dgst", "-sha256", "-mac", "HMAC", "-macopt", `hexkey:${key.toString("hex")}`, "-r"],
        { input: `[["file","etc/pin","${digest}"]]`, encoding: "utf8" },
      );
      assert.equal(hashSecretContents([["file", "etc/pin", digest]], key), `sha256:${stdout.slice(0, 64)}`);
    });

    it("fails with the problems of all files, those of the root file system included", async () => {
      const loop = path.join(folder, "loop");
      await fs.symlink(loop, loop);
      await fs.symlink(path.join(folder, "nothing"), path.join(folder, "dangling"));
      const files = new Map([
        ["/etc/a", fileAt({ path: path.join(folder, "none") })],
        ["/etc/b", fileAt({ path: loop })],
        ["/etc/c", fileAt({ path: path.join(folder, "dangling") })],
        ["/etc", fileAt({ text: "" })],
        ["/etc/../d", fileAt({ text: "" })],
        ["/etc/e", fileAt({ text: "" })],
      ]);
      await assert.rejects(plan({ files }), (error) => {
        assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"));
        const lines = error.message.split("\n");
        assert.equal(lines.length, 5, error.message);
        assert.match(error.message, /'\/etc\/a' is a FileAsset, but '.*none' does not exist\./);
        assert.match(error.message, /'\/etc\/b' .*loop' is a symbolic link that leads back to itself\./);
        assert.match(error.message, /'\/etc\/c' .*dangling' is a symbolic link to '.*nothing', which does not exist\./);
        assert.match(error.message, /'\/etc' cannot be a file: a directory has that path\./);
        assert.match(error.message, /'\/etc\/\.\.\/d' in 'files' must be an absolute path/);
        return true;
      });
    });

    it("fails if the context is not the one of the plan that was shown", async () => {
      const { contextHash } = await plan({});
      assert.equal((await plan({ expectedHash: contextHash })).contextHash, contextHash);
      await assert.rejects(
        plan({ expectedHash: contextHash, files: givenTexts({ "/a": "" }) }),
        (error) =>
          UnikernelError.has(error, "CONTEXT_INVALID") && /changed between the plan and the build/.test(error.message),
      );
    });
  });
});
