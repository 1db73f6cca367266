import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { digestOf } from "../../../../provider/base/digest";
import { describeContextChange, saveFileList } from "../../../../provider/image/cache/fileList";
import { planBuild } from "../../../../provider/image/build/planBuild";
import { givenTexts } from "../../../support/givenFiles";
import { useCacheFolder } from "../../../support/cacheFolder";

describe("what changed since an image was built", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, "app", name);
  const write = async (name: string, text: string): Promise<void> => {
    await fs.mkdir(path.dirname(at(name)), { recursive: true });
    await fs.writeFile(at(name), text);
  };
  const plan = (files: Record<string, string> = {}, args?: Record<string, string>) =>
    planBuild({ context: at("."), files: givenTexts(files), name: "shop", scratch: folder.path, build: { args } });
  const KRAFTFILE = "spec: v0.7\nruntime: linux:latest\nrootfs: ./rootfs\n";

  beforeEach(async () => {
    await write("Kraftfile", KRAFTFILE);
    for (const name of ["a", "b", "c", "d", "e"]) await write(`rootfs/www/${name}`, name);
  });

  /** Saves the list of the present state, changes it, and describes the change. */
  async function describeChange(
    change: () => Promise<unknown>,
    files: Record<string, string> = {},
    filesAfter = files,
  ): Promise<string> {
    const before = await plan(files);
    await saveFileList(before.contextHash, before.listParts());
    await change();
    return describeContextChange(before.contextHash, (await plan(filesAfter)).listParts());
  }

  it("names files by their path in the guest, three at most", async () => {
    assert.equal(await describeChange(() => write("rootfs/www/a", "x")), "1 file changed (/www/a)");
    assert.equal(await describeChange(() => fs.chmod(at("rootfs/www/b"), 0o755)), "1 file changed (/www/b)");
    assert.equal(
      await describeChange(async () => {
        for (const name of ["a", "b", "c", "d", "e"]) await write(`rootfs/www/${name}`, "y");
      }),
      "5 files changed (/www/a, /www/b, /www/c and 2 more)",
    );
  });

  it("tells added, removed and renamed files, empty folders, and keys of the Kraftfile", async () => {
    assert.equal(await describeChange(() => write("rootfs/new/x", "")), "1 file added (/new/x)");
    assert.equal(
      await describeChange(() => fs.rename(at("rootfs/www/a"), at("rootfs/www/z"))),
      "1 file added (/www/z); 1 file removed (/www/a)",
    );
    assert.equal(await describeChange(() => fs.mkdir(at("rootfs/empty"))), "1 file added (/empty)");
    assert.equal(await describeChange(() => write("Kraftfile", `${KRAFTFILE}cmd: /bin/x\n`)), "cmd changed");
  });

  it("names given files, and keeps nothing by which their content could be guessed", async () => {
    const change = await describeChange(() => Promise.resolve(), { "/etc/key": "PIN 1" }, { "/etc/key": "PIN 2" });
    assert.equal(change, "1 file changed (/etc/key)");
    const lists = path.join(folder.path, "cache/images/file-lists");
    for (const name of await fs.readdir(lists)) {
      const text = await fs.readFile(path.join(lists, name), "utf8");
      assert.ok(!text.includes("PIN 1") && !text.includes(digestOf("PIN 1").slice(7, 39)));
      assert.equal((await fs.stat(path.join(lists, name))).mode & 0o777, 0o600);
    }
  });

  it("names files of a Dockerfile's context by their path there", async () => {
    await write("Kraftfile", "spec: v0.7\nruntime: linux:latest\nrootfs: ./Dockerfile\n");
    await write("Dockerfile", "FROM scratch\nCOPY src /\n");
    await write("src/main.c", "");
    assert.equal(await describeChange(() => write("src/main.c", "int main")), "1 file changed (./src/main.c)");
    const before = await plan();
    await saveFileList(before.contextHash, before.listParts());
    const after = await plan({}, { VERSION: "2" });
    assert.equal(await describeContextChange(before.contextHash, after.listParts()), "build changed");
  });

  it("is not known without the list, or with a damaged one", async () => {
    const { contextHash, listParts } = await plan();
    const parts = listParts();
    assert.equal(await describeContextChange(contextHash, parts), "context changed");
    await saveFileList(contextHash, parts);
    await fs.appendFile(path.join(folder.path, "cache/images/file-lists", contextHash.slice(7)), "\nxx");
    assert.equal(await describeContextChange(contextHash, parts), "context changed");
  });
});
