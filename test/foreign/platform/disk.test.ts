/** Disks of volumes, checked by `e2fsck`. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { growDisk, makeDisk } from "../../../provider/platform/volumes/disk";
import { assertFileSystemSound } from "../../support/disks";

const MIB = 1024 * 1024;

describe("the disk of a volume", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-disk-"));
    file = path.join(folder, "data.ext4");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("has a valid file system after creation and growth", async () => {
    await makeDisk(file, 16);
    assertFileSystemSound(file);
    await growDisk(file, 64);
    assertFileSystemSound(file);
    assert.equal(fs.statSync(file).size, 64 * MIB);
  });

  it("is not truncated by a growth below its size, as after an unrecorded one", async () => {
    await makeDisk(file, 16);
    await growDisk(file, 64);
    await growDisk(file, 32);
    assertFileSystemSound(file);
    assert.equal(fs.statSync(file).size, 64 * MIB);
  });
});
