/**
 * Reads and validates the inputs of an image and computes their content hash, which decides whether a build is needed.
 * The hash does not depend on times, owners, or the location of the folder.
 */
import { type Digest, digestOf } from "../../base/digest";
import { formatProblems } from "../kraftfile/kraftfileError";
import { loadKraftfile } from "../kraftfile/loadKraftfile";
import { formatPlatform } from "../oci/descriptor";
import { FileDigests, digestContents } from "../pack/fileDigests";
import { planTree } from "../pack/packTree";
import { completeTree } from "../rootfs/completeTree";
import { overlayFiles } from "../rootfs/overlay";
import type { FileTree } from "../rootfs/tree";
import { type HashedParts, type ImageParts, listParts } from "./imageParts";
import { type DockerfileOptions, type RootfsPlan, planRootfs } from "./rootfsPlan";
import { type RuntimeKraftfile, assertSupported } from "./supportedSources";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
const BUILDER_VERSION = 2;

/** The inputs of an image. */
export interface BuildInputs {
  /** Folder that contains the Kraftfile, relative to the working directory. */
  readonly context: string;
  /** Path of the Kraftfile, relative to `context`; `undefined`: the only one of the usual names in it. */
  readonly kraftfile?: string;
  /** Absolute guest path → content, overlaid on the root file system. */
  readonly files?: Readonly<Record<string, string>>;
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
  readonly signal?: AbortSignal;
}

/** Validated inputs, ready to be packed. */
export interface BuildPlan {
  readonly name: string;
  /** Absolute path of the image context. */
  readonly context: string;
  /** Changes if and only if an input of the image changes; the image that a runtime's tag points to is not an input. */
  readonly contextHash: Digest;
  /** Lists what `contextHash` covers. */
  readonly listParts: () => ImageParts;
  readonly kraftfile: RuntimeKraftfile;
  /** What the Kraftfile says without effect, ready to be printed. */
  readonly warnings: readonly string[];
  readonly rootfs: RootfsPlan;
  readonly build: DockerfileOptions;
  /** Folder for temporary files. */
  readonly scratch: string;
  /** The `files`, to be overlaid on the root file system. */
  readonly overlay: FileTree;
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
  const { context, files = {}, name, preserveModes = false, digests = new FileDigests(), scratch, signal } = inputs;
  const { build = {} } = inputs;
  const loaded = await loadKraftfile(context, inputs.kraftfile);
  const kraftfile = assertSupported(loaded);
  const { folder, displayPath, text } = loaded;
  const rootfs = await planRootfs(loaded, context, { preserveModes, signal, scratch, build, digests });
  // Reports now, not at build time, what the format cannot store.
  const below: FileTree = rootfs.type === "tree" ? rootfs.tree : new Map();
  const tree = Object.keys(files).length === 0 ? below : overlayFiles(below, files);
  planTree(tree, "cpio");
  const { contextHash, parts } = await hashInputs(kraftfile, rootfs, tree, { digests, signal });
  return {
    name,
    context: folder,
    contextHash,
    listParts: () => listParts(parts, rootfs),
    kraftfile,
    warnings: formatProblems(displayPath, text, kraftfile.warnings),
    rootfs: rootfs.type === "tree" ? { type: "tree", tree } : rootfs,
    build,
    scratch,
    overlay: rootfs.type === "tree" ? new Map() : tree,
    hasGivenFiles: Object.keys(files).length > 0,
    digests,
  };
}

/** What stands for a root file system that is not known yet. */
function identify(rootfs: RootfsPlan): string | null {
  if (rootfs.type === "dockerfile") return rootfs.hash;
  return rootfs.type === "image" ? rootfs.reference : null;
}

/** Hashes the parsed Kraftfile, and paths, modes, owners, contents and link targets of the tree; hard links count as files of their own. */
async function hashInputs(
  kraftfile: RuntimeKraftfile,
  rootfs: RootfsPlan,
  tree: FileTree,
  { digests, signal }: { readonly digests: FileDigests; readonly signal: AbortSignal | undefined },
): Promise<{ readonly contextHash: Digest; readonly parts: HashedParts }> {
  const entries = completeTree(tree);
  const files = entries.flatMap(([inner, entry]) =>
    entry.type === "file" ? [{ name: inner, content: entry.content }] : [],
  );
  const contents = (await digestContents(files, digests, signal)).values();
  const rows = entries.map(([inner, entry]): readonly [string, ...unknown[]] => {
    const { type, uid = 0, gid = 0 } = entry;
    if (type === "directory") return [inner, type, entry.mode, uid, gid];
    if (type === "symlink") return [inner, type, entry.target, uid, gid];
    return [inner, type, entry.mode, uid, gid, contents.next().value];
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
  return { contextHash: digestOf(JSON.stringify(parts)), parts };
}
