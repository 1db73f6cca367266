/** The hashes of everything that an image is built from. */
import { type Digest, digestOf } from "../../base/digest";
import { formatPlatform } from "../oci/descriptor";
import { type FileDigests, digestContents } from "../pack/fileDigests";
import { completeTree } from "../rootfs/completeTree";
import type { FileTree, TreeEntry } from "../rootfs/tree";
import type { FileEntry } from "./files/givenFiles";
import { hashSecretContents } from "./files/secretHash";
import type { HashedParts } from "./imageParts";
import type { RootfsPlan } from "./rootfsPlan";
import type { RuntimeKraftfile } from "./supportedSources";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
const BUILDER_VERSION = 3;

/** What stands for a root file system that is not known yet. */
function identify(rootfs: RootfsPlan): string | null {
  if (rootfs.type === "dockerfile") return rootfs.hash;
  return rootfs.type === "image" ? rootfs.reference : null;
}

/** The hashes, and what they cover. */
interface InputHashes {
  /** Of everything but the contents of given files. */
  readonly contextHash: Digest;
  /** Keyed; of the contents of given files. `undefined` without any. */
  readonly secretHash: Digest | undefined;
  readonly parts: HashedParts;
}

/** How to hash. */
interface HashOptions {
  /** Files of the tree whose contents may be secret. */
  readonly given: ReadonlyMap<string, FileEntry>;
  readonly digests: FileDigests;
  readonly hashKey: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Hashes the parsed Kraftfile, and paths, modes, owners, contents and link targets of the tree; hard links count as files of their own.
 * The contents of given files count in the secret hash only.
 */
export async function hashInputs(
  kraftfile: RuntimeKraftfile,
  rootfs: RootfsPlan,
  tree: FileTree,
  { given, digests, hashKey, signal }: HashOptions,
): Promise<InputHashes> {
  const entries = completeTree(tree);
  const files = entries.flatMap(([inner, entry]) =>
    entry.type === "file" ? [{ name: inner, content: entry.content }] : [],
  );
  const contents = (await digestContents(files, digests, signal)).values();
  const givenEntries = new Set<TreeEntry>(given.values());
  const secrets: [path: string, digest: Digest][] = [];
  const rows = entries.map(([inner, entry]): readonly [string, ...unknown[]] => {
    const { type, uid = 0, gid = 0 } = entry;
    if (type === "directory") return [inner, type, entry.mode, uid, gid];
    if (type === "symlink") return [inner, type, entry.target, uid, gid];
    const { value: digest } = contents.next();
    if (!givenEntries.has(entry)) return [inner, type, entry.mode, uid, gid, digest];
    if (digest !== undefined) secrets.push([inner, digest]);
    return [inner, type, entry.mode, uid, gid, "given"];
  });
  const { runtime, cmd, env, labels, targets } = kraftfile;
  const run = { cmd: cmd ?? null, env: Object.entries(env), labels: Object.entries(labels) };
  const parts = {
    builder: BUILDER_VERSION,
    runtime,
    run,
    targets: targets.map((target) => formatPlatform(target)),
    format: kraftfile.rootfs?.format ?? null,
    source: identify(rootfs),
    tree: rows,
  };
  // Keyed too: parts are compared with those of an earlier build, which are kept on the disk.
  const keyed = new Map(secrets.map((secret) => [secret[0], hashSecretContents([secret], hashKey)]));
  const named = rows.map((row) => (keyed.has(row[0]) ? ([...row, keyed.get(row[0])] as const) : row));
  return {
    contextHash: digestOf(JSON.stringify(parts)),
    secretHash: hashSecretContents(secrets, hashKey),
    parts: { ...parts, tree: named },
  };
}
