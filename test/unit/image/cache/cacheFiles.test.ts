import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cacheFile, limitCache, readCacheFile, writeCacheFile } from "../../../../provider/image/cache/cacheFiles";
import { withSavedDigests } from "../../../../provider/image/cache/savedDigests";
import { digestContents } from "../../../../provider/image/pack/digestContents";
import { fromDirectory } from "../../../../provider/image/rootfs/fromDirectory";
import { useCacheFolder } from "../../../support/cacheFolder";

describe("the cache of images", () => {
  const folder = useCacheFolder();

  it("keeps within its limit what was used last", async () => {
    const keys = ["a", "b", "c", "d"];
    for (const [index, key] of keys.entries()) {
      const file = cacheFile(index % 2 === 0 ? "file-lists" : "image-digests", key);
      await writeCacheFile(file, key.repeat(4096));
      await fs.utimes(file, index + 1, index + 1);
    }
    const fileOf = (key: string): string =>
      cacheFile(keys.indexOf(key) % 2 === 0 ? "file-lists" : "image-digests", key);
    assert.equal(await readCacheFile(fileOf("a")), "a".repeat(4096)); // used now
    await limitCache(2 * 4096);
    const left = await Promise.all(keys.map(async (key) => (await readCacheFile(fileOf(key))) !== undefined));
    assert.deepEqual(left, [true, false, false, true]);
  });

  it("counts small files by the space that they take", async () => {
    for (let i = 0; i < 10; i++) await writeCacheFile(cacheFile("image-digests", `key-${i}`), "x");
    await limitCache(3 * 4096);
    const names = await fs.readdir(path.join(folder.path, "cache/images/image-digests"));
    assert.equal(names.length, 3);
  });

  it("is left out if it cannot be written or read", async () => {
    await fs.writeFile(path.join(folder.path, "cache"), "not a folder");
    await writeCacheFile(cacheFile("file-lists", "a"), "text");
    assert.equal(await readCacheFile(cacheFile("file-lists", "a")), undefined);
    assert.equal(await withSavedDigests(folder.path, undefined, () => Promise.resolve("result")), "result");
  });

  it("keeps the digests of files for the next operation on the same context, and of no file that is too new", async () => {
    const source = path.join(folder.path, "source");
    await fs.mkdir(source);
    await fs.writeFile(path.join(source, "old"), "old");
    await new Promise((resolve) => setTimeout(resolve, 2_100)); // ctime cannot be set
    const needed = (kraftfile?: string) =>
      withSavedDigests(source, kraftfile, async (digests) => {
        const files = [...(await fromDirectory(source))].flatMap(([name, entry]) =>
          entry.type === "file" ? [{ name, content: entry.content }] : [],
        );
        const names = files.filter(({ content }) => digests.needs(content)).map(({ name }) => name);
        await digestContents(files, digests);
        return names;
      });
    await fs.writeFile(path.join(source, "new"), "new");
    assert.deepEqual((await needed()).sort(), ["new", "old"]);
    assert.deepEqual(await needed(), ["new"]);
    assert.deepEqual((await needed("other/Kraftfile")).sort(), ["new", "old"]);
  });
});
