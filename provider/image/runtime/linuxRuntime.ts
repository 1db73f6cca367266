/** `linux:latest`, the stand-in runtime: Debian's cloud kernel, a static busybox and our `/init`, built once and cached. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";
import { exec } from "../../base/exec";
import { createFolder, fileExists } from "../../base/files";
import { describeFile } from "../pack/contentReader";
import type { FileContent, FileTree } from "../rootfs/tree";
import { createBaseTree, createErofsFiles } from "./baseTree";
import { unpackDebianPackages, type UnpackedPackages } from "./debianPackages";
import { COMMAND_MODULE, CONTROL_FILE_MODULES, EROFS_MODULES, KERNEL_MODULES, VSOCK_MODULES } from "./kernelModules";
import { mendBusybox } from "./mendBusybox";
import { extractVmlinux } from "./vmlinux";

/** The built runtime. */
export interface LinuxRuntime {
  /** Path of a PVH vmlinux. */
  readonly kernelFile: string;
  readonly baseTree: FileTree;
  /** As in `RuntimeImage`. */
  readonly erofsFiles: FileTree;
  /** Kernel release, such as `6.1.0-9-cloud-amd64`. */
  readonly version: string;
}

/** Name of the cache folder; increment the number when the layout of its files changes. */
const CACHE_NAME = "linux-6";
const ALL_MODULES = [...KERNEL_MODULES, ...EROFS_MODULES, COMMAND_MODULE, ...VSOCK_MODULES, ...CONTROL_FILE_MODULES];
/** Compression formats of modules in newer Debian releases, with the tool that decompresses each. */
const MODULE_COMPRESSIONS = [
  { suffix: ".xz", tool: "xz" },
  { suffix: ".zst", tool: "zstd" },
] as const;

/**
 * Loads the cached runtime, or builds it. Safe to call from several processes at once: each builds in its own folder,
 * and the first to finish renames its folder to the final name.
 *
 * @param options.folder Where runtimes are cached (`localPaths().runtimesDir`).
 * @param options.onProgress Called with a line before each step that may take more than two seconds.
 * Throws `RUNTIME_UNAVAILABLE` when the packages cannot be downloaded or used, `NO_SPACE`.
 */
export async function getOrBuildLinuxRuntime(options: {
  readonly folder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<LinuxRuntime> {
  const cacheFolder = path.join(options.folder, CACHE_NAME);
  const cached = await loadRuntime(cacheFolder);
  if (cached !== undefined) return cached;
  const workFolder = path.join(options.folder, `.${CACHE_NAME}.${crypto.randomUUID()}`);
  try {
    await createFolder(workFolder);
    const packages = await unpackDebianPackages({ ...options, folder: workFolder });
    options.onProgress("unpacking the kernel");
    const outputFolder = path.join(workFolder, "made");
    await fs.mkdir(outputFolder);
    await assembleRuntime(packages, outputFolder, options.signal);
    options.signal?.throwIfAborted();
    await fs.rename(outputFolder, cacheFolder).catch((error: unknown) => {
      if (!hasErrorCode(error, "ENOTEMPTY", "EEXIST")) throw error; // another process was faster: use its result
    });
  } catch (error) {
    throw fromSystemError(error, "building the runtime linux:latest");
  } finally {
    await fs.rm(workFolder, { recursive: true, force: true });
  }
  const built = await loadRuntime(cacheFolder);
  if (built !== undefined) return built;
  throw new UnikernelError("RUNTIME_UNAVAILABLE", `The runtime in ${cacheFolder} is incomplete.`, {
    hint: "Remove that folder and retry.",
  });
}

/** True if the runtime is in the cache. */
export const isLinuxRuntimeBuilt = (folder: string): Promise<boolean> =>
  fileExists(path.join(folder, CACHE_NAME, "version"));

/** Writes the runtime's files to `outputFolder`; `version` comes last, so that it marks a complete folder. */
async function assembleRuntime(
  packages: UnpackedPackages,
  outputFolder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await fs.writeFile(path.join(outputFolder, "vmlinux"), extractVmlinux(await fs.readFile(packages.kernel)));
  const busybox = path.join(outputFolder, "busybox");
  await fs.writeFile(busybox, mendBusybox(await fs.readFile(packages.busybox)), { mode: 0o755 });
  for (const module of ALL_MODULES) await copyModule(packages.modules, module, outputFolder, signal);
  const applets = await exec(busybox, ["--list-full"], signal === undefined ? {} : { signal });
  if (applets.code !== 0) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", "The downloaded busybox does not run on this machine.", {
      hint: "linux:latest can only be built on amd64; use another runtime in the Kraftfile.",
    });
  }
  await fs.writeFile(path.join(outputFolder, "applets"), applets.stdout);
  await fs.writeFile(path.join(outputFolder, "version"), packages.release);
}

async function copyModule(
  folder: string,
  module: string,
  outputFolder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const destination = path.join(outputFolder, path.basename(module));
  const source = path.join(folder, module);
  if (await fileExists(source)) return fs.copyFile(source, destination);
  for (const { suffix, tool } of MODULE_COMPRESSIONS) {
    if (!(await fileExists(source + suffix))) continue;
    await fs.copyFile(source + suffix, destination + suffix);
    const result = await exec(tool, ["-d", "-q", destination + suffix], signal === undefined ? {} : { signal });
    if (result.code === 0) return fs.rm(destination + suffix, { force: true });
  }
  throw new UnikernelError("RUNTIME_UNAVAILABLE", `The kernel package contains no usable module '${module}'.`, {
    hint: "Use another runtime in the Kraftfile.",
  });
}

async function loadRuntime(cacheFolder: string): Promise<LinuxRuntime | undefined> {
  if (!(await fileExists(path.join(cacheFolder, "version")))) return undefined;
  const modules = new Map<string, FileContent>();
  for (const module of ALL_MODULES) modules.set(module, describeFile(path.join(cacheFolder, path.basename(module))));
  const applets = (await fs.readFile(path.join(cacheFolder, "applets"), "utf8"))
    .split("\n")
    .filter((line) => line !== "");
  return {
    kernelFile: path.join(cacheFolder, "vmlinux"),
    baseTree: createBaseTree({ busybox: describeFile(path.join(cacheFolder, "busybox")), applets, modules }),
    erofsFiles: createErofsFiles({ modules }),
    version: await fs.readFile(path.join(cacheFolder, "version"), "utf8"),
  };
}
