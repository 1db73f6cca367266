import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { copyDisk, makeDisk, makeFolder, removeDisk } from "../../../../../../provider/platform/volumes/disk";
import { e2fsTool } from "../../../../../../provider/platform/volumes/diskTools";
import { isEmptyExt4, prepareVolumes } from "../../../../../../provider/platform/vmm/qemu/boot/volumeBacking";
import { shareFolderOf } from "../../../../../../provider/platform/vmm/vmm";

const run = promisify(execFile);

describe("what a guest mounts as a volume", function () {
  this.timeout(20_000);
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-backing-"));
    file = path.join(folder, "volume.ext4");
    await makeDisk(file, 16);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));
  const prepare = (kind: "multiboot" | "pvh") => prepareVolumes([{ file, at: "/data", readonly: false }], kind);

  it("is a private folder for Unikraft, and the disk for Linux, while the volume is empty", async () => {
    await prepare("multiboot");
    const stats = await fs.stat(shareFolderOf(file));
    assert.ok(stats.isDirectory() && (stats.mode & 0o777) === 0o700);
    await prepare("multiboot");
    await prepare("pvh");
    await assert.rejects(fs.stat(shareFolderOf(file)), { code: "ENOENT" });
  });

  it("stays the folder once it has data", async () => {
    await prepare("multiboot");
    await fs.writeFile(path.join(shareFolderOf(file), "note"), "kept");
    await assert.rejects(prepare("pvh"), { code: "INPUT_INVALID", message: /'\/data' has data of a Unikraft kernel/ });
    await prepare("multiboot");
    assert.equal(await fs.readFile(path.join(shareFolderOf(file), "note"), "utf8"), "kept");
  });

  it("stays the disk once that has data", async () => {
    const source = path.join(folder, "source");
    await fs.mkdir(source);
    await fs.writeFile(path.join(source, "note"), "kept");
    await run(e2fsTool("mkfs.ext4"), ["-q", "-F", "-d", source, file]);
    await assert.rejects(prepare("multiboot"), { code: "INPUT_INVALID", message: /'\/data' has data in an ext4 file/ });
    await prepare("pvh");
    assert.equal(isEmptyExt4(Buffer.alloc(1024)), false);
  });

  it("is only the folder for several writers, which Linux cannot mount", async () => {
    const shared = path.join(folder, "shared.ext4");
    await makeFolder(shared);
    const disk = { file: shared, at: "/data", readonly: false };
    await prepareVolumes([disk], "multiboot");
    await assert.rejects(prepareVolumes([disk], "pvh"), {
      code: "NOT_SUPPORTED",
      property: "volumes",
      message: /'\/data' has the access mode "rwx".* cannot mount, since it has no 9p\.$/,
    });
    await fs.writeFile(path.join(shareFolderOf(shared), "note"), "kept");
    const copy = path.join(folder, "copy.ext4");
    await copyDisk(shared, copy, new AbortController().signal);
    assert.equal(await fs.readFile(path.join(shareFolderOf(copy), "note"), "utf8"), "kept");
    assert.deepEqual((await fs.readdir(folder)).sort(), ["copy.folder", "shared.folder", "volume.ext4"]);
  });

  it("is copied and deleted with the volume, extended attributes included", async () => {
    await prepare("multiboot");
    const note = path.join(shareFolderOf(file), "note");
    await fs.writeFile(note, "kept", { mode: 0o640 });
    const copy = path.join(folder, "copy.ext4");
    await copyDisk(file, copy, new AbortController().signal);
    const copied = path.join(shareFolderOf(copy), "note");
    assert.equal(await fs.readFile(copied, "utf8"), "kept");
    assert.equal((await fs.stat(copied)).mode, (await fs.stat(note)).mode);
    await removeDisk(copy);
    await removeDisk(file);
    assert.deepEqual(await fs.readdir(folder), []);
  });
});
