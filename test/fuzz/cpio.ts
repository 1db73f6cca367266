/** Fuzzes the CPIO reader with mutated archives, and the writer with random trees. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { fromCpio, readCpio } from "../../provider/image/cpio/read";
import { planCpio } from "../../provider/image/cpio/write";
import { describeFile } from "../../provider/image/pack/contentReader";
import type { FileTree } from "../../provider/image/rootfs/tree";
import type { RandomSource } from "../support/seededRandom";
import { anyTree, describeTree, mutateBytes, readOrReject, scratchFolder } from "./archives";
import { type FuzzTarget, below, pick } from "./target";

/** The bytes of a planned archive of a tree in memory. */
export function bytesOf(plan: ReturnType<typeof planCpio>): Buffer {
  const parts = [...plan.parts()].map((part) => {
    if (typeof part === "number") return Buffer.alloc(part);
    if (part instanceof Uint8Array) return part;
    assert.ok("bytes" in part.content);
    return part.content.bytes;
  });
  const bytes = Buffer.concat(parts);
  assert.equal(bytes.length, plan.sizeBytes);
  return bytes;
}

/** A mutated archive. Half of the edits put a number into a field of a header, where most of the reader's decisions are made. */
export function mutateCpio(random: RandomSource, tree: FileTree): Buffer {
  const bytes = mutateBytes(random, bytesOf(planCpio(tree)), 4);
  for (let left = below(random, 3); left > 0; left--) {
    const header = bytes.indexOf("070701", below(random, bytes.length));
    if (header < 0 || header + 110 > bytes.length) break;
    const value = pick(random, [
      "00000000",
      "00000001",
      "00000002",
      "000081A4",
      "0000A1FF",
      "000041ED",
      "00002190",
      "FFFFFFFF",
      "0000000B",
    ]);
    bytes.write(value, header + 6 + 8 * below(random, 13), "latin1");
  }
  return bytes;
}

/** Whatever the bytes, both readers return the same tree, or both throw; what is written is read back. */
export const cpioTarget: FuzzTarget = {
  name: "cpio",
  async run(random) {
    const tree = anyTree(random);
    if (random() < 0.1) {
      assert.deepEqual(describeTree(readCpio(bytesOf(planCpio(tree)))), describeTree(tree));
      return;
    }
    const bytes = mutateCpio(random, tree);
    const inMemory = await readOrReject(bytes.length, "BUILD_FAILED", () => readCpio(bytes));
    const file = path.join(scratchFolder(), "archive.cpio");
    fs.writeFileSync(file, bytes);
    const onDisk = await readOrReject(bytes.length, "CONTEXT_INVALID", () => fromCpio(describeFile(file), "archive"));
    // Only the reader of files rejects devices.
    if (onDisk !== undefined) assert.deepEqual(describeTree(onDisk), describeTree(inMemory ?? new Map()));
  },
};
