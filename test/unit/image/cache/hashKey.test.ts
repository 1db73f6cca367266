import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { loadHashKey } from "../../../../provider/image/cache/hashKey";
import { useCacheFolder } from "../../../support/cacheFolder";

describe("the key of this machine's hashes", () => {
  const folder = useCacheFolder();
  const file = (): string => path.join(folder.path, "cache/images/hash-key");

  it("is made once, whoever comes first, and stays", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, loadHashKey));
    for (const key of [...keys, await loadHashKey()]) assert.deepEqual(key, keys[0]);
    assert.equal(keys[0]?.length, 32);
  });

  it("can be read by its owner only", async () => {
    await loadHashKey();
    assert.equal((await fs.stat(file())).mode & 0o777, 0o600);
    assert.deepEqual(await fs.readdir(path.dirname(file())), ["hash-key"]);
  });

  it("is made anew if it is lost or damaged", async () => {
    const key = await loadHashKey();
    await fs.writeFile(file(), "short");
    const next = await loadHashKey();
    assert.equal(next?.length, 32);
    assert.notDeepEqual(next, key);
    assert.deepEqual(await loadHashKey(), next);
  });

  it("is unknown if it cannot be kept", async () => {
    await fs.mkdir(path.dirname(path.dirname(file())), { recursive: true });
    await fs.writeFile(path.dirname(file()), "not a folder");
    assert.equal(await loadHashKey(), undefined);
  });
});
