import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { cacheClear } from "../../../../provider/cli/cacheClear";
import { limitRuntimes } from "../../../../provider/image/cache/limitRuntimes";
import { withFileLock } from "../../../../provider/image/oci/fileLock";
import { useCacheFolder } from "../../../support/cacheFolder";
import { putTestImage } from "../../../support/testImages";

describe("clearing the cache", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  const write = async (name: string, text: string): Promise<void> => {
    await fs.mkdir(path.dirname(at(name)), { recursive: true });
    await fs.writeFile(at(name), text);
  };

  it("removes what can be made again, and says how much", async () => {
    await write("cache/runtimes/linux-1/vmlinux", "x".repeat(2 ** 20));
    await write("cache/images/file-lists/a", "x".repeat(2 ** 19));
    await write("cache/containers/storage/layer", "x".repeat(2 ** 19));
    await write("cache/builds/1-a/output", "of a build that runs");
    await write("state/images/index.json", "{}");
    assert.equal(await cacheClear([]), `Removed 2.0 MiB from the cache in ${at("cache")}.`);
    assert.deepEqual(await fs.readdir(at("cache")), ["builds"]);
    assert.deepEqual(await fs.readdir(at("state/images")), ["index.json"]);
    assert.equal(await cacheClear([]), `The cache in ${at("cache")} is empty.`);
  });

  it("waits for no build, and leaves its storage alone", async () => {
    await write("cache/containers/storage/layer", "layer");
    await withFileLock(at("cache/containers/unikernel.lock"), async () => {
      await assert.rejects(cacheClear([]), (error) => UnikernelError.has(error, "BUILD_FAILED"));
    });
    assert.equal(await fs.readFile(at("cache/containers/storage/layer"), "utf8"), "layer");
  });
});

describe("the runtimes in the cache", () => {
  const folder = useCacheFolder();

  it("are removed, those pulled first before others, when they no longer fit", async () => {
    const names = ["first", "second", "third"];
    let last = await putTestImage(folder.path, { repository: "first", kernel: "first" });
    for (const repository of names.slice(1)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      last = await putTestImage(folder.path, { repository, kernel: repository });
    }
    const left = async () => (await last.layout.list()).map(({ repository }) => repository);
    const bytes = (await last.layout.list()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    await limitRuntimes(last.layout, last, bytes);
    assert.deepEqual(await left(), names);
    await limitRuntimes(last.layout, last, bytes - 1);
    assert.deepEqual(await left(), ["second", "third"]);
    await limitRuntimes(last.layout, last, 0);
    assert.deepEqual(await left(), ["third"]);
  });
});
