/** The kernel that a Kraftfile asks for. */
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { digestContents } from "../../pack/digestContents";
import { kraftfileError } from "../../kraftfile/kraftfileError";
import type { LoadedKraftfile } from "../../kraftfile/loadKraftfile";
import type { Kraftfile, Position } from "../../kraftfile/model";
import { type Platform, formatPlatform } from "../../oci/descriptor";
import { fromDirectory } from "../../rootfs/fromDirectory";
import { locateInContext } from "../../rootfs/resolveSource";
import type { DiskFile } from "../../rootfs/tree";
import { type IdentifyOptions, identifyTree } from "../identifyTree";
import { assertKraft } from "./compileKernel";
import { findKernelProblem } from "./kernelMagic";

/** Where the kernel of an image comes from. */
export type KernelPlan =
  /** A runtime image for each target; without targets, it decides the platform. */
  | { readonly type: "runtime"; readonly reference: string; readonly targets: readonly Platform[] }
  | { readonly type: "file"; readonly platform: Platform; readonly label: string; readonly file: DiskFile }
  | {
      readonly type: "compile";
      readonly platform: Platform;
      /** Absolute path of the folder that contains the Kraftfile's sources. */
      readonly projectFolder: string;
      /** Absolute path. */
      readonly kraftfile: string;
      readonly projectName: string | undefined;
    }
  /** The kernel of the node, or none: an image of ROMs. One platform at least. */
  | { readonly type: "none"; readonly platforms: readonly Platform[] };

/** What `kraft build` and git write beside the sources. */
const BUILD_OUTPUT = /^(?:\.git|\.unikraft|\.config\.[^/]*)(?:\/|$)/;

/**
 * Plans the kernel. Throws `KRAFTFILE_INVALID` with the position of what cannot be used, `BUILDER_MISSING` if it has to be compiled and
 * `kraft` is not installed.
 */
export async function planKernel(loaded: LoadedKraftfile): Promise<KernelPlan> {
  const { kraftfile, folder, file } = loaded;
  const { runtime, kernelFile, compiles, name } = kraftfile;
  if (runtime !== undefined) return { type: "runtime", reference: runtime, targets: distinctTargets(loaded) };
  if (kernelFile !== undefined) {
    const place = await locateInContext(folder, kernelFile.path);
    if ("problem" in place) throw problem(loaded, kernelFile, `the kernel ${place.problem}`);
    if (place.type !== "file") throw problem(loaded, kernelFile, `the kernel '${kernelFile.path}' is a directory.`);
    const platform = onlyTarget(loaded, kernelFile, "a kernel file");
    const wrong = findKernelProblem(kernelFile.path, place.file, platform.architecture);
    if (wrong !== undefined) throw problem(loaded, kernelFile, `'${kernelFile.path}' ${wrong}`);
    return { type: "file", platform, label: kernelFile.path, file: place.file };
  }
  if (compiles !== undefined) {
    assertKraft();
    const platform = onlyTarget(loaded, compiles, "a compiled kernel");
    return { type: "compile", platform, projectFolder: folder, kraftfile: file, projectName: name };
  }
  const platforms = distinctTargets(loaded);
  if (platforms.length > 0) return { type: "none", platforms };
  throw problem(
    loaded,
    START,
    "an image without 'runtime' needs its platforms in 'targets', such as 'targets: [qemu/x86_64]'.",
  );
}

const START: Position = { line: 1, column: 1 };

const problem = ({ displayPath, text }: LoadedKraftfile, { line, column }: Position, message: string): Error =>
  kraftfileError(displayPath, text, [{ line, column, message }]);

/**
 * The targets, each platform once. Throws `KRAFTFILE_INVALID` if an image without a runtime would have two of one platform: `kconfig`
 * becomes part of it.
 */
function distinctTargets(loaded: LoadedKraftfile): readonly Platform[] {
  const { targets, runtime }: Kraftfile = loaded.kraftfile;
  const distinct = new Map<string, Platform>();
  for (const target of targets) {
    const name = formatPlatform(target);
    const other = distinct.get(name);
    if (runtime === undefined && other !== undefined && !isDeepStrictEqual(other, target))
      throw problem(loaded, START, `'targets' has ${name} twice, with different 'kconfig'; remove one of them.`);
    if (other === undefined) distinct.set(name, target);
  }
  return [...distinct.values()];
}

function onlyTarget(loaded: LoadedKraftfile, position: Position, what: string): Platform {
  const { targets }: Kraftfile = loaded.kraftfile;
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  const found = targets.length === 0 ? "none" : targets.map((one) => formatPlatform(one)).join(", ");
  throw problem(
    loaded,
    position,
    `${what} is for one platform; name it in 'targets', such as 'targets: [qemu/x86_64]' (found: ${found}).`,
  );
}

/** The name of a platform, with the kernel options and the version that become part of the image. */
const identifyPlatform = ({ osFeatures, osVersion, ...platform }: Platform): unknown =>
  osFeatures === undefined && osVersion === undefined
    ? formatPlatform(platform)
    : [formatPlatform(platform), osFeatures ?? [], osVersion ?? null];

/** What stands for the kernel in the content hash: a reference, or the contents of its file or sources. */
export async function identifyKernel(kernel: KernelPlan, options: IdentifyOptions): Promise<unknown> {
  const { digests, signal } = options;
  switch (kernel.type) {
    case "runtime":
      return kernel.reference;
    case "none":
      return [kernel.type, ...kernel.platforms.map(identifyPlatform)];
    case "file": {
      const [digest] = await digestContents([{ name: kernel.label, content: kernel.file }], digests, signal);
      return [kernel.type, identifyPlatform(kernel.platform), digest];
    }
    case "compile": {
      const tree = await fromDirectory(kernel.projectFolder, { preserveModes: false, signal });
      const sources = [...tree].filter(([name]) => !BUILD_OUTPUT.test(name));
      const project = path.relative(kernel.projectFolder, kernel.kraftfile);
      return [kernel.type, identifyPlatform(kernel.platform), project, await identifyTree(new Map(sources), options)];
    }
  }
}
