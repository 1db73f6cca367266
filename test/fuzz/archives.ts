/** What the fuzz targets of archives share: random trees, mutated bytes, and what must hold of every tree that is read. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../provider/base/errors";
import { ContentReader } from "../../provider/image/pack/contentReader";
import { completeTree } from "../../provider/image/rootfs/completeTree";
import { type FileTree, type TreeEntry, sizeOf } from "../../provider/image/rootfs/tree";
import type { RandomSource } from "../support/seededRandom";
import { below, pick } from "./target";

const NAMES = [
  "a",
  "b",
  "bin",
  "etc",
  "usr",
  "é",
  "😀",
  "\uFFEE",
  "!",
  "x y",
  ".wh.a",
  ".wh..wh..opq",
  "n".repeat(255),
  "p".repeat(101),
];
const TARGETS = ["a", "b", "/bin", "../..", "../../../../etc", "usr/bin", ".", "/", "t".repeat(120), "é"];
const MODES = [0o644, 0o755, 0o4755, 0o1777, 0o001];
const SIZES = [0, 1, 3, 511, 512, 513, 4095, 4096, 4097, 9000];

/** A tree of up to 12 entries with hard links, owners, odd names and folders that are only implied. */
export function anyTree(random: RandomSource): FileTree {
  const tree = new Map<string, TreeEntry>();
  const folders = [""];
  const files: TreeEntry[] = [];
  for (let left = below(random, 13); left > 0; left--) {
    const folder = pick(random, folders);
    const name = folder === "" ? pick(random, NAMES) : `${folder}/${pick(random, NAMES)}`;
    if (tree.has(name) || folders.includes(name) || Buffer.byteLength(name) > 1000) continue;
    const owner = random() < 0.3 ? { uid: pick(random, [1, 65_536, 4_000_000_000]), gid: 100 } : {};
    const kind = random();
    if (kind < 0.35) {
      folders.push(name);
      if (random() < 0.8) tree.set(name, { ...owner, type: "directory", mode: pick(random, MODES) });
    } else if (kind < 0.5) tree.set(name, { ...owner, type: "symlink", target: pick(random, TARGETS) });
    else if (kind < 0.6 && files.length > 0) tree.set(name, pick(random, files));
    else {
      const bytes = Buffer.alloc(pick(random, SIZES), below(random, 256));
      const entry: TreeEntry = { ...owner, type: "file", mode: pick(random, MODES), content: { bytes } };
      files.push(entry);
      tree.set(name, entry);
    }
  }
  return tree;
}

/** Between 1 and 6 edits of bytes: bits, bytes, numbers, pieces copied over others, removed or repeated, and a cut at the end. */
export function mutateBytes(random: RandomSource, bytes: Buffer, block: number): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + below(random, 6); left > 0 && result.length > 0; left--) {
    const at = below(random, result.length);
    const blockAt = below(random, Math.ceil(result.length / block)) * block;
    const edits: readonly (() => void)[] = [
      () => void (result[at] = (result[at] ?? 0) ^ (1 << below(random, 8))),
      () => void (result[at] = below(random, 256)),
      () =>
        void result.fill(
          pick(random, [0, 0xff, 0x20, 0x30, 0x37]),
          at,
          Math.min(result.length, at + 1 + below(random, 12)),
        ),
      () => void result.copy(result, at, blockAt, Math.min(result.length, blockAt + 1 + below(random, block))),
      () => void (result = Buffer.concat([result.subarray(0, blockAt), result.subarray(blockAt + block)])),
      () => void (result = Buffer.concat([result.subarray(0, blockAt), result.subarray(Math.max(0, blockAt - block))])),
      () => void (result = Buffer.from(result.subarray(0, random() < 0.5 ? at : blockAt))),
    ];
    // The last three move everything behind them, so they are rarer.
    edits[random() < 0.8 ? below(random, 4) : 4 + below(random, 3)]?.();
  }
  return result;
}

let folder: string | undefined;

/** A folder of this process for the archives; it is removed when the process ends. */
export function scratchFolder(): string {
  if (folder === undefined) {
    const created = fs.mkdtempSync(path.join(os.tmpdir(), "fuzz-"));
    process.once("exit", () => fs.rmSync(created, { recursive: true, force: true }));
    folder = created;
  }
  return folder;
}

/** Everything of a tree in a form that can be compared: types, modes, owners, targets, contents, and which names share a file. */
export function describeTree(tree: FileTree): unknown[] {
  using reader = new ContentReader();
  const first = new Map<TreeEntry, string>();
  return completeTree(tree).map(([name, entry]) => {
    const { uid = 0, gid = 0 } = entry;
    if (entry.type !== "file") return [name, { ...entry, uid, gid }];
    if (!first.has(entry)) first.set(entry, name);
    return [name, entry.mode, uid, gid, first.get(entry), readAll(reader, name, entry).toString("latin1")];
  });
}

function readAll(reader: ContentReader, name: string, entry: Extract<TreeEntry, { type: "file" }>): Buffer {
  const bytes = Buffer.alloc(sizeOf(entry.content));
  const opened = reader.open(name, entry.content);
  try {
    opened.read(bytes, 0, bytes.length);
    return bytes;
  } finally {
    opened.close();
  }
}

/**
 * Reads an archive; `undefined` if it is rejected as it should be. A tree has only paths inside of it, no entry below a file or a link,
 * and no more content than the archive has bytes, except that names may share content.
 */
export async function readOrReject(
  archiveBytes: number,
  code: "CONTEXT_INVALID" | "BUILD_FAILED",
  read: () => FileTree | Promise<FileTree>,
): Promise<FileTree | undefined> {
  let tree: FileTree;
  try {
    tree = await read();
  } catch (error) {
    assert.ok(UnikernelError.has(error, code), String(error));
    assert.ok(error.message.length < 10_000);
    return undefined;
  }
  completeTree(tree); // throws for a path that leads outside, and for one below a file or a link
  for (const [name, entry] of tree) {
    if (entry.type === "file") assert.ok(sizeOf(entry.content) <= archiveBytes, name);
  }
  describeTree(tree);
  return tree;
}
