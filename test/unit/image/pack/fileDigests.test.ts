import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../../provider/base/digest";
import { FileDigests } from "../../../../provider/image/pack/fileDigests";
import type { DiskFile, FileContent, FileIdentity } from "../../../../provider/image/rootfs/tree";

const COUNT = 200;

/** A file that was last changed long ago. Inodes and times are as large as file systems make them. */
const fileAt = (index: number, changes: Partial<FileIdentity & { sizeBytes: number }> = {}): DiskFile => {
  const { sizeBytes = index, ...identity } = changes;
  const mtimeMs = 1_600_000_000_000.25 + index;
  return {
    path: `/context/${index}`,
    sizeBytes,
    identity: { dev: 65_024, ino: 2 ** 40 + index, mtimeMs, ctimeMs: mtimeMs + 0.5, ...identity },
  };
};
const archivedAt = (offset: number): FileContent => ({
  archive: fileAt(COUNT),
  ranges: [{ offset, sizeBytes: 4 }],
  sizeBytes: 4,
});
const indices = Array.from({ length: COUNT }, (_, index) => index);

describe("digests of files", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "digests-"));
    file = path.join(folder, "digests");
    const digests = new FileDigests();
    for (const index of indices) digests.record("file", fileAt(index), digestOf(`file ${index}`));
    for (const offset of [0, 512]) digests.record("archived", archivedAt(offset), digestOf(`archived ${offset}`));
    assert.equal(await digests.save(file), true);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("are found again in any order, and not written again if nothing is new", async () => {
    const orders = [indices, indices.toReversed(), indices.map((index) => (index * 77) % COUNT)];
    for (const order of orders) {
      const digests = await FileDigests.load(file);
      for (const index of order) {
        assert.equal(digests.needs(fileAt(index)), false);
        assert.equal(digests.get(fileAt(index)), digestOf(`file ${index}`));
      }
      for (const offset of [0, 512]) assert.equal(digests.get(archivedAt(offset)), digestOf(`archived ${offset}`));
      assert.equal(await digests.save(file), false);
    }
  });

  it("are not those of a file that differs in device, inode, size or times", async () => {
    const digests = await FileDigests.load(file);
    const { identity } = fileAt(7);
    for (const change of [
      { dev: 1 },
      { ino: 3 },
      { sizeBytes: 8 },
      { mtimeMs: identity.mtimeMs + 0.25 },
      { ctimeMs: identity.ctimeMs + 0.25 },
    ]) {
      assert.equal(digests.get(fileAt(7, change)), undefined, JSON.stringify(change));
      assert.equal(digests.needs(fileAt(7, change)), true);
    }
    assert.equal(digests.get(archivedAt(1024)), undefined);
  });

  it("are forgotten when their files are gone, and replaced when they change", async () => {
    const digests = await FileDigests.load(file);
    for (const index of indices.slice(10)) digests.get(fileAt(index));
    const changed = fileAt(3, { sizeBytes: 1000 });
    digests.record("file", changed, digestOf("changed"));
    assert.equal(await digests.save(file), true);
    const next = await FileDigests.load(file);
    assert.deepEqual(
      [3, 9, 10, COUNT - 1].map((index) => next.get(fileAt(index))),
      [undefined, undefined, digestOf("file 10"), digestOf(`file ${COUNT - 1}`)],
    );
    assert.equal(next.get(changed), digestOf("changed"));
    assert.equal(next.get(archivedAt(0)), undefined);
  });

  it("are not read from a file that is damaged, cut off, or of another format", async () => {
    const bytes = await fs.readFile(file);
    const middle = bytes.length >> 1;
    const damaged = Buffer.from(bytes);
    damaged[middle] = (damaged[middle] ?? 0) ^ 1;
    const older = Buffer.from(`file-digests-1 ${"0".repeat(64)}\n`);
    for (const content of [damaged, bytes.subarray(0, middle), bytes.subarray(0, 20), older, Buffer.alloc(0)]) {
      await fs.writeFile(file, content);
      assert.equal((await FileDigests.load(file)).get(fileAt(0)), undefined);
    }
  });

  it("are not saved for a content that may be secret", async () => {
    const digests = new FileDigests();
    const secret = fileAt(1);
    digests.keepPrivate(secret);
    digests.record("secret", secret, digestOf("secret"));
    assert.equal(digests.get(secret), digestOf("secret"));
    assert.equal(await digests.save(file), false);
  });
});
