/**
 * Reads and validates the inputs of an image and computes their content hash, which decides whether a build is needed.
 * The hash does not depend on times, owners, or the location of the folder.
 */
import { type Digest, digestOf } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { formatProblems } from "../kraftfile/kraftfileError";
import { loadKraftfile } from "../kraftfile/loadKraftfile";
import { formatPlatform } from "../oci/descriptor";
import { FileDigests, digestContents } from "../pack/fileDigests";
import { planTree } from "../pack/packTree";
import { completeTree } from "../rootfs/completeTree";
import { overlayFiles } from "../rootfs/overlay";
import type { FileTree, TreeEntry } from "../rootfs/tree";
import { type FileEntry, type GivenFile, loadGivenFiles } from "./givenFiles";
import { type HashedParts, type ImageParts, listParts } from "./imageParts";
import { assertUnreserved } from "./reservedPaths";
import { type DockerfileOptions, type RootfsPlan, planRootfs } from "./rootfsPlan";
import { hashSecretContents } from "./secretHash";
import { type RuntimeKraftfile, assertSupported } from "./supportedSources";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
const BUILDER_VERSION = 3;

/** The inputs of an image. */
export interface BuildInputs {
  /** Folder that contains the Kraftfile, relative to the working directory. */
  readonly context: string;
  /** Path of the Kraftfile, relative to `context`; `undefined`: the only one of the usual names in it. */
  readonly kraftfile?: string;
  /** Files by absolute guest path, overlaid on the root file system. */
  readonly files?: ReadonlyMap<string, GivenFile>;
  /** Name of the image, for messages; not part of the content hash. */
  readonly name: string;
  /** Keep the modes of a directory as they are on disk; otherwise they become 0644 or 0755. */
  readonly preserveModes?: boolean;
  /** How to build a Dockerfile; of no effect for other root file systems. */
  readonly build?: DockerfileOptions | undefined;
  /** Known digests of files, which are not read again; new ones are added. `undefined` reads every file. */
  readonly digests?: FileDigests;
  /**
   * Folder for temporary files. A compressed root file system is decompressed there; the plan refers to it, so the caller removes it
   * after building.
   */
  readonly scratch: string;
  /** The `contextHash` of the plan that was shown; a build from other inputs fails. `undefined` accepts any. */
  readonly expectedHash?: string | undefined;
  /** Key of the `secretHash`; `undefined`: one of this process. */
  readonly hashKey?: Uint8Array | undefined;
  readonly signal?: AbortSignal;
}

/** Validated inputs, ready to be packed. */
export interface BuildPlan {
  readonly name: string;
  /** Absolute path of the image context. */
  readonly context: string;
  /**
   * Changes if and only if an input of the image changes, without the contents of `files`, which may be secret. The image that a
   * runtime's tag points to is not an input.
   */
  readonly contextHash: Digest;
  /**
   * Keyed hash of the contents of `files`; `undefined` without files. Together with `contextHash` it identifies the inputs. Keep it
   * on this machine (secretHash.ts).
   */
  readonly secretHash: Digest | undefined;
  /** What `contextHash` and `secretHash` cover. */
  readonly parts: ImageParts;
  readonly kraftfile: RuntimeKraftfile;
  /** What the Kraftfile says without effect, ready to be printed. */
  readonly warnings: readonly string[];
  readonly rootfs: RootfsPlan;
  readonly build: DockerfileOptions;
  /** Folder for temporary files. */
  readonly scratch: string;
  /** The `files` that are not in the tree yet, by absolute guest path. */
  readonly files: ReadonlyMap<string, FileEntry>;
  /** `files` were given, which may hold secrets. */
  readonly hasGivenFiles: boolean;
  /** Digests of the tree's files; packing checks against them. */
  readonly digests: FileDigests;
}

/**
 * Reads Kraftfile, root file system and `files`, and validates them. Reads no file whose digest is known, and any other once; writes
 * nothing. Throws `CONTEXT_INVALID` or `KRAFTFILE_INVALID` that lists all problems; an aborted `signal` rejects with its reason.
 */
export async function planBuild(inputs: BuildInputs): Promise<BuildPlan> {
  const { context, name, preserveModes = false, digests = new FileDigests(), scratch, signal } = inputs;
  const { build = {}, expectedHash, hashKey } = inputs;
  const loaded = await loadKraftfile(context, inputs.kraftfile);
  const kraftfile = assertSupported(loaded);
  const { folder, displayPath, text } = loaded;
  const rootfs = await planRootfs(loaded, context, { preserveModes, signal, scratch, build, digests });
  const files = await loadGivenFiles(inputs.files ?? new Map(), { scratch, digests, signal });
  const isTree = rootfs.type === "tree";
  const tree = overlayFiles(isTree ? rootfs.tree : new Map(), files);
  // Reports now, not at build time, what no image may have and what the format cannot store.
  assertUnreserved(tree);
  planTree(tree, "cpio");
  const { parts, ...hashes } = await hashInputs(kraftfile, rootfs, tree, { given: files, digests, hashKey, signal });
  if (expectedHash !== undefined && expectedHash !== hashes.contextHash) throw changedError(context);
  return {
    name,
    context: folder,
    ...hashes,
    parts: listParts(parts, rootfs),
    kraftfile,
    warnings: formatProblems(displayPath, text, kraftfile.warnings),
    rootfs: isTree ? { type: "tree", tree } : rootfs,
    build,
    scratch,
    files: isTree ? new Map() : files,
    hasGivenFiles: files.size > 0,
    digests,
  };
}

const changedError = (context: string): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `The image context '${context}' changed between the plan and the build.`, {
    property: "context",
    hint: "Run 'pulumi up' again when nothing writes to it.",
  });

/** What stands for a root file system that is not known yet. */
function identify(rootfs: RootfsPlan): string | null {
  if (rootfs.type === "dockerfile") return rootfs.hash;
  return rootfs.type === "image" ? rootfs.reference : null;
}

interface HashOptions {
  readonly given: ReadonlyMap<string, FileEntry>;
  readonly digests: FileDigests;
  readonly hashKey: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Hashes the parsed Kraftfile, and paths, modes, owners, contents and link targets of the tree; hard links count as files of their own.
 * The contents of given files count in the secret hash only.
 */
async function hashInputs(
  kraftfile: RuntimeKraftfile,
  rootfs: RootfsPlan,
  tree: FileTree,
  { given, digests, hashKey, signal }: HashOptions,
): Promise<Pick<BuildPlan, "contextHash" | "secretHash"> & { readonly parts: HashedParts }> {
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
