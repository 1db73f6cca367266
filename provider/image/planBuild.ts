/**
 * Reads and validates everything that an image is built from, and gives the content hash that tells whether there is anything to
 * build. It does not depend on times, owners, or where the folder is.
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

/** Part of the content hash: raised when the builder makes other bytes from the same inputs. */
const BUILDER_VERSION = 1;

/** What an image is built from. */
export interface BuildInputs {
  /** Folder that holds the Kraftfile, relative to the working directory. */
  readonly context: string;
  /** Absolute guest path → content, laid over the root file system. */
  readonly files?: Readonly<Record<string, string>>;
  /** Name of the image, for messages; no part of the content. */
  readonly name: string;
}

/** Everything that was read and validated, ready to be packed. */
export interface BuildPlan {
  readonly name: string;
  /** Absolute path of the image context. */
  readonly context: string;
  /** Changes exactly when something the image is built from changes, except what a runtime's tag points to. */
  readonly contextHash: Digest;
  readonly kraftfile: Kraftfile;
  /** Root file system with `files` over it; contents stay on disk. */
  readonly tree: FileTree;
}

/**
 * Reads Kraftfile, root file system and `files`, and validates them. Reads every byte once, writes nothing.
 * Throws `CONTEXT_INVALID` or `KRAFTFILE_INVALID` with everything that is wrong.
 */
export async function planBuild({ context, files = {}, name }: BuildInputs): Promise<BuildPlan> {
  const file = await findKraftfile(context);
  const folder = path.dirname(file);
  const text = await readKraftfileText(file);
  // As a reader would open it: relative to the program where the context is.
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
  return { name, context: folder, contextHash: await contextHash(kraftfile, tree), kraftfile, tree };
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

/** Digest over the meaning of the Kraftfile and over paths, modes, contents and link targets of the tree. */
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
