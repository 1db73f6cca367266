/**
 * Reads and validates the inputs of an image and computes their content hash, which decides whether a build is needed.
 * The hash does not depend on times, owners, or the location of the folder.
 */
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { formatProblems } from "../kraftfile/kraftfileError";
import { type LoadedKraftfile, loadKraftfile } from "../kraftfile/loadKraftfile";
import type { Kraftfile } from "../kraftfile/model";
import { FileDigests } from "../pack/fileDigests";
import { assertPackable } from "../pack/packTree";
import type { FolderObserver } from "../rootfs/folderObserver";
import { overlayFiles } from "../rootfs/overlay";
import type { FileTree } from "../rootfs/tree";
import { isStandInRuntime } from "../runtimeImage";
import { type FileEntry, type GivenFile, loadGivenFiles } from "./files/givenFiles";
import { hashInputs } from "./hashInputs";
import { type ImageParts, listParts } from "./imageParts";
import { type KernelPlan, planKernel } from "./kernel/kernelPlan";
import { assertUnreserved } from "./reservedPaths";
import {
  type DockerfileOptions,
  type LocatedSources,
  type RomPlan,
  type RootfsPlan,
  locateSources,
  planSource,
} from "./rootfsPlan";

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
  /** Remembers what is looked at below the folders of the sources; `undefined`: nothing does. */
  readonly observer?: FolderObserver | undefined;
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
   * Changes if and only if an input of the image changes, without the contents of `files` and build secrets, which may be secret. The image that a
   * runtime's tag points to is not an input.
   */
  readonly contextHash: Digest;
  /**
   * Keyed hash of the contents of `files` and of build secrets; `undefined` without any. Together with `contextHash` it identifies the inputs. Keep it
   * on this machine (files/secretHash.ts).
   */
  readonly secretHash: Digest | undefined;
  /** Lists what `contextHash` and `secretHash` cover. */
  readonly listParts: () => ImageParts;
  readonly kraftfile: Kraftfile;
  /** Path of the Kraftfile, relative to the context. */
  readonly kraftfilePath: string;
  readonly kernel: KernelPlan;
  /** What the Kraftfile says without effect, ready to be printed. */
  readonly warnings: readonly string[];
  readonly rootfs: RootfsPlan;
  /** In order. */
  readonly roms: readonly RomPlan[];
  readonly build: DockerfileOptions;
  /** Folder for temporary files. */
  readonly scratch: string;
  /** The `files` that are not in the tree yet, by absolute guest path. */
  readonly files: ReadonlyMap<string, FileEntry>;
  /** The contents of all `files`, which may be secret. */
  readonly givenFiles: readonly FileEntry[];
  /** Digests of the tree's files; packing checks against them. */
  readonly digests: FileDigests;
}

/**
 * Reads Kraftfile, root file system and `files`, and validates them. Reads no file whose digest is known, and any other once; writes
 * nothing. Throws `CONTEXT_INVALID` or `KRAFTFILE_INVALID` that lists all problems; an aborted `signal` rejects with its reason.
 */
export async function planBuild(inputs: BuildInputs): Promise<BuildPlan> {
  return planFound(await findSources(inputs), inputs);
}

/** What an image is built from, before folders and archives are listed. */
export interface FoundSources {
  readonly loaded: LoadedKraftfile;
  readonly kernel: KernelPlan;
  readonly located: LocatedSources;
}

/** Reads the Kraftfile and finds what it names. The first part of {@link planBuild}, which takes few system calls. Throws as that. */
export async function findSources({
  context,
  kraftfile,
  build = {},
}: Pick<BuildInputs, "context" | "kraftfile" | "build">): Promise<FoundSources> {
  const loaded = await loadKraftfile(context, kraftfile);
  const kernel = await planKernel(loaded);
  return { loaded, kernel, located: await locateSources(loaded, context, build) };
}

/** The rest of {@link planBuild}. Throws as that. */
export async function planFound({ loaded, kernel, located }: FoundSources, inputs: BuildInputs): Promise<BuildPlan> {
  const { context, name, preserveModes = false, digests = new FileDigests(), scratch, signal } = inputs;
  const { build = {}, expectedHash, hashKey, observer } = inputs;
  const { kraftfile, folder, displayPath, text } = loaded;
  const planOptions = { preserveModes, signal, scratch, build, digests, observer };
  const rootfs = await planSource(located.rootfs, planOptions);
  const roms: RomPlan[] = [];
  for (const { located: rom, format } of located.roms)
    roms.push({ rootfs: await planSource(rom, planOptions), format });
  const { files, problems } = await loadGivenFiles(inputs.files ?? new Map(), { scratch, digests, signal });
  const isTree = rootfs.type === "tree";
  const below: FileTree = isTree ? rootfs.tree : new Map();
  const tree = overlayOrReport(below, files, problems);
  // Reports now, not at build time, what no image may have and what the format cannot store.
  assertUnreserved(tree);
  assertPackable(tree, kraftfile.rootfs?.format ?? "cpio");
  for (const rom of roms) if (rom.rootfs.type === "tree") assertPackable(rom.rootfs.tree, rom.format);
  const hashed = {
    ...{ kraftfile, kernel, rootfs, tree, roms },
    ...{ given: new Set(files.values()), buildSecrets: build.secrets ?? {} },
  };
  const { parts, ...hashes } = await hashInputs(hashed, { digests, hashKey, signal });
  if (expectedHash !== undefined && expectedHash !== hashes.contextHash) throw changedError(context);
  return {
    name,
    context: folder,
    ...hashes,
    listParts: () => listParts(parts, rootfs),
    kraftfile,
    kraftfilePath: path.relative(folder, loaded.file),
    kernel,
    warnings: [
      ...formatProblems(displayPath, text, kraftfile.warnings),
      ...(namesNoProgram(kraftfile, rootfs) ? [`${displayPath}: ${NO_PROGRAM}`] : []),
    ],
    rootfs: isTree ? { type: "tree", tree } : rootfs,
    roms,
    build,
    scratch,
    files: isTree ? new Map() : files,
    givenFiles: [...files.values()],
    digests,
  };
}

/** A guest of the stand-in runtime stops at once without a program. Other runtimes may have one in their kernel. */
export const NO_PROGRAM =
  "The image names no program. Set 'cmd', or 'args' of each instance that runs it; without them the guest stops at once.";

/** True if neither the Kraftfile nor a Dockerfile or container image names the program of a stand-in guest. */
const namesNoProgram = ({ runtime, cmd }: Kraftfile, { type }: RootfsPlan): boolean =>
  cmd === undefined && runtime !== undefined && isStandInRuntime(runtime) && (type === "none" || type === "tree");

/** The tree with the files. Throws `CONTEXT_INVALID` with all problems, also with those of files that cannot be placed. */
function overlayOrReport(
  below: FileTree,
  files: ReadonlyMap<string, FileEntry>,
  problems: readonly UnikernelError[],
): FileTree {
  const found = [...problems];
  try {
    const tree = overlayFiles(below, files);
    if (found.length === 0) return tree;
  } catch (error) {
    if (!UnikernelError.has(error, "CONTEXT_INVALID")) throw error;
    found.push(error);
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) throw first;
  throw new UnikernelError("CONTEXT_INVALID", found.map(({ message }) => message).join("\n"), { property: "files" });
}

const changedError = (context: string): UnikernelError =>
  new UnikernelError("CONTEXT_INVALID", `The image context '${context}' changed between the plan and the build.`, {
    property: "context",
    hint: "Run 'pulumi up' again when nothing writes to it.",
  });
