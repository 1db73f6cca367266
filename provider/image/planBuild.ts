/**
 * Reads and validates the inputs of an image and computes their content hash, which decides whether a build is needed.
 * The hash does not depend on times, owners, or the location of the folder.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf, digestOfFile } from "../base/digest";
import { UnikernelError } from "../base/errors";
import { findKraftfile } from "./kraftfile/findKraftfile";
import { kraftfileError } from "./kraftfile/kraftfileError";
import type { Kraftfile } from "./kraftfile/model";
import { parseKraftfile } from "./kraftfile/parse";
import { formatPlatform } from "./oci/descriptor";
import { completeTree } from "./rootfs/completeTree";
import { resolveDirectoryInside } from "./rootfs/directoryInside";
import { treeFromDirectory } from "./rootfs/fromDirectory";
import { overlayFiles } from "./rootfs/overlay";
import type { FileContent, FileTree } from "./rootfs/tree";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
const BUILDER_VERSION = 1;

/** The inputs of an image. */
export interface BuildInputs {
  /** Folder that contains the Kraftfile, relative to the working directory. */
  readonly context: string;
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
  readonly kraftfile: Kraftfile;
  /** Root file system with `files` overlaid; contents stay on disk. */
  readonly tree: FileTree;
  /** `files` were given, which may hold secrets. */
  readonly hasGivenFiles: boolean;
}

/**
 * Reads Kraftfile, root file system and `files`, and validates them. Reads every byte once, writes nothing.
 * Throws `CONTEXT_INVALID` or `KRAFTFILE_INVALID` that lists all problems.
 */
export async function planBuild({ context, files = {}, name }: BuildInputs): Promise<BuildPlan> {
  const file = await findKraftfile(context);
  const folder = path.dirname(file);
  const text = await readKraftfileText(file);
  // A path the user can open: relative to the program when the context is.
  const displayPath = path.join(context, path.basename(file));
  const kraftfile = parseKraftfile(text, displayPath);
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
  return { name, context: folder, contextHash: await contextHash(kraftfile, tree), kraftfile, tree, hasGivenFiles };
}

async function readKraftfileText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await fs.readFile(file));
  } catch (cause) {
    throw new UnikernelError("KRAFTFILE_INVALID", `'${file}' cannot be read as UTF-8 text.`, {
      property: "context",
      cause,
    });
  }
}

/** Hashes the parsed Kraftfile, and paths, modes, contents and link targets of the tree. */
async function contextHash(kraftfile: Kraftfile, tree: FileTree): Promise<Digest> {
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
