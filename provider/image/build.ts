/**
 * From a folder with a Kraftfile to an image in a layout.
 *
 * `planBuild` reads and judges everything and gives the content hash that decides whether there is anything to do;
 * `buildImage` packs what was planned. Neither depends on times, owners, or where the folder is.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf, digestOfFile } from "../base/digest";
import { UnikernelError } from "../base/errors";
import { writeCpio } from "./cpio/write";
import { kraftfileError } from "./kraftfile/kraftfileError";
import { findKraftfile } from "./kraftfile/findKraftfile";
import type { Kraftfile } from "./kraftfile/model";
import { parseKraftfile } from "./kraftfile/parse";
import { type Platform, formatPlatform } from "./oci/descriptor";
import { openLayout } from "./oci/layout";
import type { LayerRef } from "./oci/layer";
import { completeTree } from "./rootfs/completeTree";
import { treeFromDirectory } from "./rootfs/fromDirectory";
import { resolveDirectoryInside } from "./rootfs/directoryInside";
import { overlayFiles, overlayTree } from "./rootfs/overlay";
import { type FileContent, type FileTree, sizeOf } from "./rootfs/tree";
import type { RuntimeImage } from "./runtimeImage";

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

/** Everything read and judged, ready to be packed. */
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

/** What a build does at the moment. */
export interface BuildProgress {
  readonly step: "runtime" | "rootfs" | "store";
  /** One clause for people: `packing 214 files (3.1 MiB)`. */
  readonly message: string;
}

/** What and where to build. */
export interface BuildOptions {
  /** Folder of the OCI image layout. */
  readonly layout: string;
  /** Repository in the layout; the tag is `latest`. */
  readonly repository: string;
  /** Brings the Kraftfile's runtime; throws `RUNTIME_UNAVAILABLE` when it cannot. */
  readonly resolveRuntime: (reference: string) => Promise<RuntimeImage>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BuildProgress) => void;
}

/** An image that is in the layout now. */
export interface BuiltImage {
  /** Digest of the image index. */
  readonly digest: Digest;
  /** Bytes of all blobs of the image. */
  readonly sizeBytes: number;
  readonly contextHash: Digest;
}

/**
 * Reads Kraftfile, root file system and `files`, and judges them. Reads every byte once, writes nothing.
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
    JSON.stringify({ builder: BUILDER_VERSION, runtime, run, targets: targets.map(formatTarget), tree: rows }),
  );
}

const formatTarget = (target: Pick<Platform, "os" | "architecture">): string => formatPlatform(target);

async function digestContent(inner: string, content: FileContent): Promise<Digest> {
  if ("bytes" in content) return digestOf(content.bytes);
  try {
    return await digestOfFile(content.path);
  } catch (cause) {
    throw new UnikernelError("CONTEXT_INVALID", `'/${inner}' could not be read.`, { property: "context", cause });
  }
}

/**
 * Packs a plan into the layout. The same plan and runtime give the same digest, bit for bit, and blobs that the layout
 * has are not written again. Aborting leaves no half image.
 *
 * Throws `CONTEXT_INVALID` (a file of the context changed, or collides with the runtime's own), `KRAFTFILE_INVALID`
 * (the runtime is not made for the targets), `NO_SPACE`, `BUILD_FAILED`, and whatever `resolveRuntime` throws.
 */
export async function buildImage(plan: BuildPlan, options: BuildOptions): Promise<BuiltImage> {
  const { signal, onProgress = () => undefined } = options;
  const { kraftfile } = plan;
  signal?.throwIfAborted();
  onProgress({ step: "runtime", message: `looking for the runtime '${kraftfile.runtime}'` });
  const runtime = await options.resolveRuntime(kraftfile.runtime);
  assertTargetSupported(kraftfile, runtime);
  const cmd = kraftfile.cmd ?? runtime.cmd ?? [];
  const layout = openLayout(options.layout);
  const store = (
    initrd: LayerRef | { readonly file: string } | undefined,
  ): Promise<Omit<BuiltImage, "contextHash">> => {
    onProgress({ step: "store", message: `storing the image '${options.repository}'` });
    return layout.putImage({
      repository: options.repository,
      platform: runtime.platform,
      config: { cmd, env: { ...runtime.env, ...kraftfile.env }, labels: kraftfile.labels },
      kernel: runtime.kernelLayer,
      ...(initrd === undefined ? {} : { initrd }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  const tree = composeInitrdTree(plan, runtime);
  if (tree === undefined) return { ...(await store(runtime.initrdLayer)), contextHash: plan.contextHash };
  const built = await layout.withTemporaryFile(async (file) => {
    onProgress({ step: "rootfs", message: `packing ${describeTree(tree)}` });
    await writeCpio(tree, file, signal);
    return store({ file });
  });
  return { ...built, contextHash: plan.contextHash };
}

/** The tree to pack; `undefined` when the image brings nothing of its own and the runtime's initrd serves as it is. */
function composeInitrdTree({ tree, kraftfile }: BuildPlan, runtime: RuntimeImage): FileTree | undefined {
  if (runtime.baseTree === undefined) return tree.size === 0 && kraftfile.rootfs === undefined ? undefined : tree;
  if (tree.has("init")) {
    throw new UnikernelError(
      "CONTEXT_INVALID",
      `The root file system holds '/init', which the runtime '${runtime.reference}' brings itself.`,
      {
        property: "context",
        hint: "Call the file something else and name it in the Kraftfile's 'cmd'.",
      },
    );
  }
  return overlayTree(runtime.baseTree, tree);
}

/** The image is for the runtime's platform; targets, when declared, must include it. */
function assertTargetSupported({ targets }: Kraftfile, { reference, platform }: RuntimeImage): void {
  const wanted = targets.map(formatTarget);
  if (wanted.length === 0 || wanted.includes(formatPlatform(platform))) return;
  throw new UnikernelError(
    "KRAFTFILE_INVALID",
    `The Kraftfile's targets are ${wanted.join(", ")}, but the runtime '${reference}' is made for ${formatPlatform(platform)}.`,
    { property: "context", hint: `Add '${formatPlatform(platform)}' to 'targets', or leave 'targets' out.` },
  );
}

function describeTree(tree: FileTree): string {
  const files = [...tree.values()].filter((entry) => entry.type === "file");
  const sizeBytes = files.reduce((sum, entry) => sum + sizeOf(entry.content), 0);
  return `${files.length} files (${(sizeBytes / 2 ** 20).toFixed(1)} MiB)`;
}
