/** The guest's files beside those of its image, and the archive that contains them. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { readCpio } from "../../../../../../provider/image/cpio/read";
import { writeCpio } from "../../../../../../provider/image/cpio/write";
import type { FileTree } from "../../../../../../provider/image/rootfs/tree";
import { buildGuestFiles, treeSizeBytes } from "../../../../../../provider/platform/vmm/qemu/boot/guestFiles";
import { writeInitrd } from "../../../../../../provider/platform/vmm/qemu/boot/initrd";

const file = (text: string) => ({ type: "file", mode: 0o444, content: { bytes: Buffer.from(text) } }) as const;
const textAt = (tree: FileTree, at: string): string | undefined => {
  const entry = tree.get(at);
  return entry?.type === "file" && "bytes" in entry.content ? Buffer.from(entry.content.bytes).toString() : undefined;
};

describe("the additional files of a guest", () => {
  let folder: string;
  beforeEach(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-files-"))));
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  it("contain ROMs at their paths, from files as well as from an archive", async () => {
    const archive = path.join(folder, "rom.cpio");
    await writeCpio(new Map([["lib/a", file("from the archive")]]), archive);
    const roms = [
      { at: "/etc/app", files: new Map([["conf.d/x", Buffer.from("inline")]]) },
      { at: "/", files: new Map([["top", Buffer.from("root")]]) },
      { at: "/opt/", archive },
    ];
    const tree = await buildGuestFiles({ roms, annotations: {} }, "pvh", undefined);
    assert.equal(textAt(tree, "etc/app/conf.d/x"), "inline");
    assert.equal(textAt(tree, "top"), "root");
    assert.equal(textAt(tree, "opt/lib/a"), "from the archive");
    assert.equal(treeSizeBytes(tree), "inline".length + "root".length + "from the archive".length);
  });

  it("contain annotations as JSON, and the command line readable by its owner only", async () => {
    const tree = await buildGuestFiles({ roms: [], annotations: { "a.b/c": "d" } }, "pvh", "SECRET=1 -- /s");
    assert.deepEqual(JSON.parse(textAt(tree, "unikernel/annotations.json") ?? ""), { "a.b/c": "d" });
    const line = tree.get("unikernel/cmdline");
    assert.equal(line?.type === "file" && line.mode, 0o600);
    assert.equal((await buildGuestFiles({ roms: [], annotations: {} }, "pvh", undefined)).size, 0);
  });

  it("are none for Unikraft, which unpacks one archive only", async () =>
    assert.equal((await buildGuestFiles({ roms: [], annotations: { a: "b" } }, "multiboot", undefined)).size, 0));

  it("follow an unchanged initrd in one file that only its owner can read", async () => {
    const [initrd, target] = [path.join(folder, "initrd"), path.join(folder, "own")];
    const { sizeBytes } = await writeCpio(new Map([["init", file("#!")]]), initrd);
    await writeInitrd(initrd, new Map([["note", file("more")]]), target);
    const written = await fs.readFile(target);
    assert.deepEqual(written.subarray(0, sizeBytes), await fs.readFile(initrd));
    assert.equal(textAt(readCpio(written.subarray(sizeBytes)), "note"), "more");
    assert.equal((await fs.stat(target)).mode & 0o777, 0o600);
    assert.deepEqual((await fs.readdir(folder)).sort(), ["initrd", "own"]);
  });
});
