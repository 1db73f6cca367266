/** Fuzzes the EROFS reader with mutated images, and the writer with random trees. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { SUPER, SUPER_OFFSET, superblockChecksum } from "../../provider/image/erofs/format";
import { fromErofs } from "../../provider/image/erofs/read";
import { planErofs } from "../../provider/image/erofs/write";
import { describeFile } from "../../provider/image/pack/contentReader";
import type { FileTree } from "../../provider/image/rootfs/tree";
import type { RandomSource } from "../support/seededRandom";
import { anyTree, describeTree, mutateBytes, readOrReject, scratchFolder } from "./archives";
import { bytesOf } from "./cpio";
import { type FuzzTarget, below, pick } from "./target";

/** A mutated image, mostly with a valid checksum. Edits meet superblock, inodes and directories, which is where an image can lie. */
export function mutateErofs(random: RandomSource, tree: FileTree): Buffer {
  const bytes = bytesOf(planErofs(tree));
  const edited = random() < 0.2 ? mutateBytes(random, bytes, 4096) : Buffer.from(bytes);
  for (let left = 1 + below(random, 4); left > 0 && edited.length > 8192; left--) {
    const start = pick(random, [SUPER_OFFSET, SUPER_OFFSET + 128, 4096, 8192]);
    const at = start + below(random, Math.min(128, edited.length - start - 8));
    const value = pick(random, [0, 1, 12, 36, 37, 255, 0x4000, 0xffff, below(random, 0x10000)]);
    if (random() < 0.5) edited.writeUInt16LE(value, at);
    else edited.writeUInt8(value & 0xff, at);
  }
  if (random() < 0.9 && edited.length >= 4096) {
    const block = edited.subarray(SUPER_OFFSET, 4096);
    block.writeUInt32LE(0, SUPER.checksum);
    block.writeUInt32LE(superblockChecksum(block), SUPER.checksum);
  }
  return edited;
}

/** Whatever the bytes, the reader returns a tree or throws; what is written is read back. */
export const erofsTarget: FuzzTarget = {
  name: "erofs",
  async run(random) {
    const tree = anyTree(random);
    const isIntact = random() < 0.1;
    const bytes = isIntact ? bytesOf(planErofs(tree)) : mutateErofs(random, tree);
    const file = path.join(scratchFolder(), "image.erofs");
    fs.writeFileSync(file, bytes);
    const read = await readOrReject(bytes.length, "CONTEXT_INVALID", () => fromErofs(describeFile(file), "image"));
    if (isIntact) assert.deepEqual(describeTree(read ?? new Map()), describeTree(tree));
  },
};
