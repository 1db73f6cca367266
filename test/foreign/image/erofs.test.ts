import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { fromErofs } from "../../../provider/image/erofs/read";
import { ContentReader, describeFile } from "../../../provider/image/pack/contentReader";
import { packTree } from "../../../provider/image/pack/packTree";
import { fromDirectory } from "../../../provider/image/rootfs/fromDirectory";
import type { ArchiveRange, ArchivedFile, FileTree } from "../../../provider/image/rootfs/tree";
import { describeEntries } from "../../support/describeEntries";
import { describeFolder, runTool } from "../../support/foreignTools";
import { makeUnusualFolder } from "../../support/unusualFolder";

/** Checks an image. The tool exits with 0 even for an image that it rejects, but only a rejected image makes it print something. */
const checkErofs = (image: string): string => runTool("sh", ["-c", 'fsck.erofs "$0" 2>&1', image]).toString();

function lastBytes({ ranges }: ArchivedFile, sizeBytes: number): ArchiveRange {
  const last = ranges.at(-1);
  assert.ok(last?.offset !== undefined);
  return { offset: last.offset + last.sizeBytes - sizeBytes, sizeBytes };
}

describe("EROFS images with erofs-utils", () => {
  let folder: string;
  let source: string;

  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), "erofs-")));
    source = path.join(folder, "source");
    await makeUnusualFolder(source);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const pack = async (tree: FileTree): Promise<string> => {
    const image = path.join(folder, "image.erofs");
    await packTree(tree, "erofs", { file: image });
    return image;
  };

  it("are accepted by fsck.erofs, which extracts the tree that was packed", async () => {
    const image = await pack(await fromDirectory(source, { preserveModes: true }));
    assert.equal(checkErofs(image), "");
    const damaged = await fs.readFile(image);
    damaged.writeUInt32LE(0, 1024 + 4);
    await fs.writeFile(`${image}.damaged`, damaged);
    assert.match(checkErofs(`${image}.damaged`), /failed to verify superblock checksum/);
    const extracted = path.join(folder, "extracted");
    runTool("fsck.erofs", [`--extract=${extracted}`, image]);
    assert.equal(describeFolder(extracted), describeFolder(source));
    const summary = runTool("dump.erofs", ["-s", image]).toString();
    assert.match(summary, /Filesystem created: +Thu Jan +1 00:00:00 1970/);
    assert.match(summary, /Filesystem UUID: +00000000-0000-0000-0000-000000000000/);
    const inodes = new Set(runTool("find", [source, "-printf", "%i\\n"]).toString().trim().split("\n"));
    assert.match(summary, new RegExp(`Filesystem inode count: +${inodes.size}\n`));
  });

  it("have files over 4 GiB, many links and large owners in extended inodes, and directories of many blocks", async () => {
    const big = path.join(folder, "big");
    const handle = await fs.open(big, "w");
    await handle.write("the end", 2 ** 32 + 5000);
    await handle.close();
    const tree = new Map(await fromDirectory(source));
    tree.set("big", { type: "file", mode: 0o600, content: describeFile(big), uid: 70_000, gid: 4_000_000_000 });
    const shared = tree.get("five");
    assert.ok(shared?.type === "file");
    for (let i = 0; i < 70_000; i++) tree.set(`links/name-${i}`, shared);
    const image = await pack(tree);
    assert.equal(checkErofs(image), "");
    const dumped = runTool("dump.erofs", ["--path=/big", image]).toString();
    assert.match(dumped, /Size: 4294972303 /);
    assert.match(dumped, /Uid: 70000 +Gid: 4000000000 +Access: 0600/);
    assert.match(runTool("dump.erofs", ["--path=/links/name-69999", image]).toString(), /Links: 70001/);
    const read = await fromErofs(describeFile(image), image);
    assert.equal(read.get("links/name-0"), read.get("five"));
    const content = read.get("big");
    assert.ok(content?.type === "file" && "archive" in content.content);
    using reader = new ContentReader();
    const last = { ...content.content, ranges: [lastBytes(content.content, 7)], sizeBytes: 7 };
    const end = Buffer.alloc(7);
    reader.open("big", last).read(end, 0, 7);
    assert.equal(end.toString(), "the end");
  }).timeout(240_000);

  it("are read back as they were packed", async () => {
    const tree = await fromDirectory(source, { preserveModes: true });
    const image = await pack(tree);
    assert.deepEqual(await describeEntries(await fromErofs(describeFile(image), image)), await describeEntries(tree));
  });

  it("of mkfs.erofs are read too, with data behind the inodes", async () => {
    const image = path.join(folder, "mkfs.erofs");
    await fs.rm(path.join(source, "n".repeat(255))); // mkfs.erofs 1.5 truncates such names
    runTool("mkfs.erofs", ["-d0", "--all-root", "-x-1", image, source]);
    const [read, listed] = [
      await fromErofs(describeFile(image), image),
      await fromDirectory(source, { preserveModes: true }),
    ];
    assert.deepEqual(await describeEntries(read), await describeEntries(listed));
  });
});
