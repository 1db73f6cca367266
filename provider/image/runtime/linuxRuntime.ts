/** `linux:latest`, the stand-in runtime: Debian's cloud kernel, a static busybox and our `/init`, made once and cached. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";
import { exec } from "../../base/exec";
import { fileExists } from "../../base/files";
import type { FileContent, FileTree } from "../rootfs/tree";
import { createBaseTree } from "./baseTree";
import { unpackDebianPackages, type UnpackedPackages } from "./debianPackages";
import { KERNEL_MODULES } from "./kernelModules";
import { extractVmlinux } from "./vmlinux";

/** The runtime on disk and in memory. */
export interface LinuxRuntime {
  /** A PVH vmlinux. */
  readonly kernelFile: string;
  readonly baseTree: FileTree;
  /** Kernel release, such as `6.1.0-9-cloud-amd64`. */
  readonly version: string;
}

/** Name of the cached folder; to be raised when what is cached changes its shape. */
const CACHE_NAME = "linux-1";
/** Compressed forms that newer Debian releases ship modules in, and the tool that unpacks each. */
const MODULE_COMPRESSIONS = [
  { suffix: ".xz", tool: "xz" },
  { suffix: ".zst", tool: "zstd" },
] as const;

/**
 * Makes the runtime, or finds it made. Safe to call from several processes at once: each works in a folder of its own,
 * and the first to finish gives its folder the final name.
 *
 * @param options.folder Where runtimes are cached (`localPaths().runtimes`).
 * @param options.onProgress Gets a line before each step that may take more than two seconds.
 * Throws `RUNTIME_UNAVAILABLE` when the packages cannot be had or used, `NO_SPACE`.
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
    await fs.mkdir(workFolder, { recursive: true });
    const packages = await unpackDebianPackages({ ...options, folder: workFolder });
    options.onProgress("unpacking the kernel");
    const made = path.join(workFolder, "made");
    await fs.mkdir(made);
    await assembleRuntime(packages, made, options.signal);
    options.signal?.throwIfAborted();
    await fs.rename(made, cacheFolder).catch((error: unknown) => {
      if (!hasErrorCode(error, "ENOTEMPTY", "EEXIST")) throw error; // another process was first: use what it made
    });
  } catch (error) {
    throw fromSystemError(error, "making the runtime linux:latest");
  } finally {
    await fs.rm(workFolder, { recursive: true, force: true });
  }
  const made = await loadRuntime(cacheFolder);
  if (made !== undefined) return made;
  throw new UnikernelError("RUNTIME_UNAVAILABLE", `The runtime in ${cacheFolder} is incomplete.`, {
    hint: "Remove that folder and try again.",
  });
}

/** Puts the files worth keeping into `made`; `version` comes last, so that it marks a complete folder. */
async function assembleRuntime(
  packages: UnpackedPackages,
  made: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await fs.writeFile(path.join(made, "vmlinux"), extractVmlinux(await fs.readFile(packages.kernel)));
  await fs.copyFile(packages.busybox, path.join(made, "busybox"));
  for (const module of KERNEL_MODULES) await copyModule(packages.modules, module, made, signal);
  const applets = await exec(packages.busybox, ["--list-full"], signal === undefined ? {} : { signal });
  if (applets.code !== 0) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", "The downloaded busybox does not run on this machine.", {
      hint: "linux:latest can only be made on amd64; name another runtime in the Kraftfile.",
    });
  }
  await fs.writeFile(path.join(made, "applets"), applets.stdout);
  await fs.writeFile(path.join(made, "version"), packages.release);
}

async function copyModule(
  folder: string,
  module: string,
  made: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const kept = path.join(made, path.basename(module));
  const source = path.join(folder, module);
  if (await fileExists(source)) return fs.copyFile(source, kept);
  for (const { suffix, tool } of MODULE_COMPRESSIONS) {
    if (!(await fileExists(source + suffix))) continue;
    await fs.copyFile(source + suffix, kept + suffix);
    const result = await exec(tool, ["-d", "-q", kept + suffix], signal === undefined ? {} : { signal });
    if (result.code === 0) return fs.rm(kept + suffix, { force: true });
  }
  throw new UnikernelError("RUNTIME_UNAVAILABLE", `The kernel package holds no usable module '${module}'.`, {
    hint: "Name another runtime in the Kraftfile.",
  });
}

async function toFileContent(file: string): Promise<FileContent> {
  return { path: file, sizeBytes: (await fs.stat(file)).size };
}

async function loadRuntime(home: string): Promise<LinuxRuntime | undefined> {
  if (!(await fileExists(path.join(home, "version")))) return undefined;
  const modules = new Map<string, FileContent>();
  for (const module of KERNEL_MODULES) modules.set(module, await toFileContent(path.join(home, path.basename(module))));
  const applets = (await fs.readFile(path.join(home, "applets"), "utf8")).split("\n").filter((line) => line !== "");
  return {
    kernelFile: path.join(home, "vmlinux"),
    baseTree: createBaseTree({ busybox: await toFileContent(path.join(home, "busybox")), applets, modules }),
    version: await fs.readFile(path.join(home, "version"), "utf8"),
  };
}
