/** Downloads Debian packages with apt and unpacks them without installing them. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { exec, findTool, type ExecResult } from "../../base/exec";
import { fileExists } from "../../base/files";

/** Meta package that depends on the newest cloud kernel. */
const KERNEL_META_PACKAGE = "linux-image-cloud-amd64";
const BUSYBOX_PACKAGE = "busybox-static";
const HINT =
  "The runtime linux:latest is built from Debian packages: use Debian or Ubuntu with apt, or use another runtime in the Kraftfile.";

/** Runs a tool of apt or dpkg. Throws `RUNTIME_UNAVAILABLE` when it is not installed or fails. */
async function runAptTool(
  name: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly signal?: AbortSignal | undefined },
): Promise<ExecResult> {
  const tool = findTool(name);
  if (tool === undefined) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `'${name}' was not found; it is needed to build linux:latest.`, {
      hint: HINT,
    });
  }
  const result = await exec(tool, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (result.code !== 0) {
    const last = result.stderr.trim().split("\n").at(-1) ?? "";
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `'${name} ${args.join(" ")}' failed: ${last}`, {
      hint: "Run 'sudo apt-get update' and retry, or run the failed command yourself to see its full output.",
    });
  }
  return result;
}

/** The concrete package behind the meta package, `linux-image-6.1.0-9-cloud-amd64`, from `apt-cache depends` output. */
export function parseKernelPackage(dependencies: string): string | undefined {
  return /^\s*Depends:\s*(linux-image-\d\S*)\s*$/m.exec(dependencies)?.[1];
}

async function resolveKernelPackage(signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return parseKernelPackage((await runAptTool("apt-cache", ["depends", KERNEL_META_PACKAGE], { signal })).stdout);
  } catch (error) {
    if (findTool("apt-cache") === undefined || signal?.aborted === true) throw error;
    return undefined; // unknown until apt has package lists
  }
}

/** Paths of the unpacked files. */
export interface UnpackedPackages {
  /** Kernel release, such as `6.1.0-9-cloud-amd64`. */
  readonly release: string;
  /** Path of a bzImage. */
  readonly kernel: string;
  /** Path of `lib/modules/<release>/kernel`. */
  readonly modules: string;
  /** Path of a static busybox. */
  readonly busybox: string;
}

/**
 * Downloads the cloud kernel and the static busybox into `folder` and unpacks them there.
 *
 * Throws `RUNTIME_UNAVAILABLE` when apt or dpkg is not installed, does not know the packages, or cannot download them.
 */
export async function unpackDebianPackages(options: {
  readonly folder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}): Promise<UnpackedPackages> {
  const { folder, onProgress, signal } = options;
  let kernelPackage = await resolveKernelPackage(signal);
  if (kernelPackage === undefined && process.getuid?.() === 0) {
    onProgress("updating apt's package lists (apt-get update)");
    await runAptTool("apt-get", ["update", "-q"], { signal });
    kernelPackage = await resolveKernelPackage(signal);
  }
  if (kernelPackage === undefined) {
    throw new UnikernelError("RUNTIME_UNAVAILABLE", `apt does not know the package ${KERNEL_META_PACKAGE}.`, {
      hint: `Run 'sudo apt-get update' and retry. ${HINT}`,
    });
  }
  onProgress(`downloading ${kernelPackage} and ${BUSYBOX_PACKAGE} (28 MB) with apt-get`);
  await runAptTool("apt-get", ["download", "-q", kernelPackage, BUSYBOX_PACKAGE], { cwd: folder, signal });
  const root = path.join(folder, "unpacked");
  for (const name of (await fs.readdir(folder)).filter((entry) => entry.endsWith(".deb"))) {
    await runAptTool("dpkg-deb", ["-x", path.join(folder, name), root], { signal });
  }
  const release = kernelPackage.replace(/^linux-image-/, "").replace(/-unsigned$/, "");
  const modules = await findFirstExisting([`lib/modules/${release}/kernel`, `usr/lib/modules/${release}/kernel`], root);
  const busybox = await findFirstExisting(["bin/busybox", "usr/bin/busybox"], root);
  const kernel = await findFirstExisting([`boot/vmlinuz-${release}`], root);
  return { release, kernel, modules, busybox };
}

/** Debian releases differ: `/bin` and `/lib` are folders in older ones, links into `/usr` in newer ones. */
async function findFirstExisting(candidates: readonly string[], root: string): Promise<string> {
  for (const candidate of candidates) {
    const file = path.join(root, candidate);
    if (await fileExists(file)) return file;
  }
  throw new UnikernelError("RUNTIME_UNAVAILABLE", `The downloaded packages do not contain '${candidates[0]}'.`, {
    hint: HINT,
  });
}
