/**
 * Reads and validates the inputs of an image and computes their content hash, which decides whether a build is needed.
 * The hash does not depend on times, owners, or the location of the folder.
 */
import { type Digest, digestOf, digestOfFile } from "../base/digest";
import { UnikernelError } from "../base/errors";
import { formatProblems, kraftfileError } from "./kraftfile/kraftfileError";
import { loadKraftfile } from "./kraftfile/loadKraftfile";
import { formatPlatform } from "./oci/descriptor";
import { completeTree } from "./rootfs/completeTree";
import { resolveDirectoryInside } from "./rootfs/directoryInside";
import { treeFromDirectory } from "./rootfs/fromDirectory";
import { overlayFiles } from "./rootfs/overlay";
import type { FileContent, FileTree } from "./rootfs/tree";
import { type RuntimeKraftfile, assertSupported } from "./supportedSources";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
const BUILDER_VERSION = 1;

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
}

/** Validated inputs, ready to be packed. */
export interface BuildPlan {
  readonly name: string;
  /** Absolute path of the image context. */
  readonly context: string;
  /** Changes if and only if an input of the image changes; the image that a runtime's tag points to is not an input. */
  readonly contextHash: Digest;
  readonly kraftfile: RuntimeKraftfile;
  /** What the Kraftfile says without effect, ready to be printed. */
  readonly warnings: readonly string[];
  /** Root file system with `files` overlaid; contents stay on disk. */
  readonly tree: FileTree;
  /** `files` were given, which may hold secrets. */
  readonly hasGivenFiles: boolean;
}

/**
 * Reads Kraftfile, root file system and `files`, and validates them. Reads every byte once, writes nothing.
 * Throws `CONTEXT_INVALID` or `KRAFTFILE_INVALID` that lists all problems.
 */
export async function planBuild(inputs: BuildInputs): Promise<BuildPlan> {
  const { context, files = {}, name } = inputs;
  const loaded = await loadKraftfile(context, inputs.kraftfile);
  const kraftfile = assertSupported(loaded);
  const { folder, displayPath, text } = loaded;
  const { rootfs } = kraftfile;
  let tree: FileTree = new Map();
  if (rootfs !== undefined) {
    const rootfsDirectory = await resolveDirectoryInside(folder, rootfs.path);
    if ("problem" in rootfsDirectory) {
      throw kraftfileError(displayPath, text, [{ ...rootfs.position, message: rootfsDirectory.problem }]);
    }
    tree = await treeFromDirectory(rootfsDirectory.directory);
  }
  tree = overlayFiles(tree, files);
  const hasGivenFiles = Object.keys(files).length > 0;
  const warnings = formatProblems(displayPath, text, kraftfile.warnings);
  const hash = await contextHash(kraftfile, tree);
  return { name, context: folder, contextHash: hash, kraftfile, warnings, tree, hasGivenFiles };
}

/** Hashes the parsed Kraftfile, and paths, modes, contents and link targets of the tree. */
async function contextHash(kraftfile: RuntimeKraftfile, tree: FileTree): Promise<Digest> {
  const rows: unknown[] = [];
  for (const [inner, entry] of completeTree(tree)) {
    if (entry.type === "directory") rows.push([inner, "directory", entry.mode]);
    else if (entry.type === "symlink") rows.push([inner, "symlink", entry.target]);
    else rows.push([inner, "file", entry.mode, await digestContent(inner, entry.content)]);
  }
  const { runtime, cmd, env, labels, targets } = kraftfile;
  const run = { cmd: cmd ?? null, env: Object.entries(env), labels: Object.entries(labels) };
  return digestOf(
    JSON.stringify({
      builder: BUILDER_VERSION,
      runtime,
      run,
      targets: targets.map((target) => formatPlatform(target)),
      tree: rows,
    }),
  );
}

async function digestContent(inner: string, content: FileContent): Promise<Digest> {
  if ("bytes" in content) return digestOf(content.bytes);
  try {
    return await digestOfFile(content.path);
  } catch (cause) {
    throw new UnikernelError("CONTEXT_INVALID", `'/${inner}' could not be read.`, { property: "context", cause });
  }
}
