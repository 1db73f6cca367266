/** Fuzzes the reader of tar archives and OCI layers with mutated archives. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import * as zlib from "node:zlib";
import * as tar from "tar-stream";
import { describeFile } from "../../provider/image/pack/contentReader";
import { completeTree } from "../../provider/image/rootfs/completeTree";
import type { FileTree, TreeEntry } from "../../provider/image/rootfs/tree";
import { fromOciLayers, fromTar } from "../../provider/image/tar/read";
import type { RandomSource } from "../support/seededRandom";
import { anyTree, describeTree, mutateBytes, readOrReject, scratchFolder } from "./archives";
import { type FuzzTarget, below, pick } from "./target";

const BLOCK_BYTES = 512;

/** A tar of a tree in memory, made by tar-stream. */
export async function tarOf(tree: FileTree): Promise<Buffer> {
  const pack = tar.pack();
  const first = new Map<TreeEntry, string>();
  for (const [name, entry] of completeTree(tree)) {
    const { uid = 0, gid = 0 } = entry;
    // tar-stream has no large owners.
    const common = { name, uid: Math.min(uid, 0o777777), gid };
    const linkname = first.get(entry);
    if (entry.type === "directory") pack.entry({ ...common, type: "directory", mode: entry.mode });
    else if (entry.type === "symlink") pack.entry({ ...common, type: "symlink", linkname: entry.target });
    else if (linkname !== undefined) pack.entry({ ...common, type: "link", linkname, mode: entry.mode });
    else {
      first.set(entry, name);
      assert.ok("bytes" in entry.content);
      pack.entry({ ...common, mode: entry.mode }, Buffer.from(entry.content.bytes));
    }
  }
  pack.finalize();
  return buffer(pack);
}

/** Corrects the checksum of every block that may be a header. */
function fixChecksums(bytes: Buffer): void {
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    if (block.toString("latin1", 257, 262) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  }
}

/** A mutated archive, mostly with valid checksums. Some edits change a header's type, size or names. */
export function mutateTar(random: RandomSource, archive: Buffer): Buffer {
  const bytes = random() < 0.7 ? mutateBytes(random, archive, BLOCK_BYTES) : Buffer.from(archive);
  for (let left = below(random, 4); left > 0 && bytes.length >= BLOCK_BYTES; left--) {
    const header = below(random, Math.floor(bytes.length / BLOCK_BYTES)) * BLOCK_BYTES;
    const edits: readonly (() => void)[] = [
      () => void bytes.write(pick(random, [..."01234567xgLKSVDMNAZ\0"]), header + 156, "latin1"),
      () =>
        void bytes.write(
          pick(random, ["00000000000 ", "00000001000 ", "77777777777 ", "\x80\0\0\0\0\0\0\0\0\0\x10\0", "\xff", "9"]),
          header + 124,
          "latin1",
        ),
      () =>
        void bytes.write(
          pick(random, [
            "../x\0",
            "/etc/passwd\0",
            "a/../../b\0",
            "./\0",
            "..\0",
            "a\0",
            "\0",
            ".wh.a\0",
            "a/.wh..wh..opq\0",
          ]),
          header,
          "latin1",
        ),
      () => void bytes.write(pick(random, ["../../x\0", "/etc\0", "a\0", ".\0", "\0"]), header + 157, "latin1"),
    ];
    pick(random, edits)();
  }
  if (random() < 0.8) fixChecksums(bytes);
  return bytes;
}

/** Whatever the bytes, the readers return a tree or throw; archives that were not mutated are read as they were made. */
export const tarTarget: FuzzTarget = {
  name: "tar",
  async run(random) {
    const tree = anyTree(random);
    const archive = await tarOf(tree);
    const isIntact = random() < 0.1;
    const plain = isIntact ? archive : mutateTar(random, archive);
    const isCompressed = random() < 0.1;
    const compressed = isCompressed ? zlib.gzipSync(plain, { level: 1 }) : plain;
    const bytes =
      isCompressed && !isIntact && random() < 0.5 ? mutateBytes(random, compressed, BLOCK_BYTES) : compressed;
    const file = path.join(scratchFolder(), "archive.tar");
    const scratch = path.join(scratchFolder(), "decompressed");
    if (isCompressed) fs.mkdirSync(scratch, { recursive: true });
    fs.writeFileSync(file, bytes);
    try {
      const layer = { file: describeFile(file), label: "layer" };
      if (!isIntact && random() < 0.3) {
        const read = () => fromOciLayers([layer, layer], { scratch });
        await readOrReject(Math.max(plain.length, bytes.length), "CONTEXT_INVALID", read);
        return;
      }
      const read = await readOrReject(Math.max(plain.length, bytes.length), "CONTEXT_INVALID", () =>
        fromTar(layer.file, "archive", { scratch }),
      );
      if (isIntact) assert.deepEqual(withoutLargeOwners(read ?? new Map()), withoutLargeOwners(tree));
    } finally {
      if (isCompressed) fs.rmSync(scratch, { recursive: true });
    }
  },
};

/** A tree as {@link tarOf} can store it. */
const withoutLargeOwners = (tree: FileTree): unknown[] =>
  describeTree(tree).map((row) =>
    JSON.parse(JSON.stringify(row), (key, value: unknown) =>
      (key === "uid" || key === "2") && typeof value === "number" ? Math.min(value, 0o777777) : value,
    ),
  );
