/**
 * Compiles the kernel of a project that has `unikraft`, `libraries` or `template` in its Kraftfile, with the vendor's tool `kraft`.
 * The rest of the image is built here, so that it is the same as with a kernel that is not compiled.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { toolEnvironment } from "../../../base/config/environment";
import { UnikernelError, hasErrorCode } from "../../../base/errors";
import { findTool, runTool } from "../../../base/exec";
import type { Platform } from "../../oci/descriptor";

/** What to compile. */
export interface KernelBuild {
  /** Folder of the project; absolute path. `kraft` writes into its `.unikraft`. */
  readonly projectFolder: string;
  /** The Kraftfile; absolute path. */
  readonly kraftfile: string;
  /** `name` of the Kraftfile; `undefined`: the folder's. */
  readonly projectName?: string | undefined;
  readonly target: Pick<Platform, "os" | "architecture">;
  readonly signal?: AbortSignal | undefined;
  /** Receives each line that `kraft` prints. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

const MAX_LINES = 20;

/** A prompt would never be answered, and the other log type is for terminals. Source: KraftKit, `config/config.go`. */
const KRAFT_ENVIRONMENT = {
  KRAFTKIT_NO_PROMPT: "true",
  KRAFTKIT_LOG_TYPE: "basic",
  KRAFTKIT_NO_CHECK_UPDATES: "true",
};

/** Names of one platform in Kraftfiles and in the names of kernels. */
const PLATFORM_NAMES: Readonly<Record<string, readonly string[]>> = {
  qemu: ["qemu", "kvm"],
  fc: ["fc", "firecracker"],
};

/** The arguments of `kraft`. */
export const kraftArguments = ({ projectFolder, kraftfile, target }: KernelBuild): readonly string[] => [
  "build",
  ...["--plat", target.os, "--arch", target.architecture, "--kraftfile", kraftfile],
  projectFolder,
];

/** The path of `kraft`. Throws `BUILDER_MISSING` if it is not on PATH. */
export function assertKraft(): string {
  const kraft = findTool("kraft");
  if (kraft !== undefined) return kraft;
  throw new UnikernelError(
    "BUILDER_MISSING",
    "The Kraftfile compiles a kernel ('unikraft', 'libraries' or 'template'), which needs the tool 'kraft', and it is not on PATH.",
    {
      property: "context",
      hint: "Install it (https://unikraft.org/docs/cli/install), set 'runtime' to a prebuilt kernel, or give the file of a kernel.",
    },
  );
}

/**
 * Runs `kraft build` and returns the absolute path of the kernel. Throws `BUILDER_MISSING` if `kraft` is not on PATH, and
 * `BUILD_FAILED` with its last lines.
 */
export async function compileKernel(build: KernelBuild): Promise<string> {
  const { projectFolder, signal, onProgress = () => undefined } = build;
  const kraft = assertKraft();
  const lines: string[] = [];
  const code = await runTool(kraft, kraftArguments(build), {
    cwd: projectFolder,
    env: toolEnvironment(KRAFT_ENVIRONMENT),
    ...(signal === undefined ? {} : { signal }),
    onLine: (raw) => {
      const line = raw.replace(/\u001b\[[\d;]*m|[^\P{Cc}\t]/gu, "").trim();
      if (line === "") return;
      lines.push(line);
      onProgress(line);
    },
  });
  if (code !== 0) throw kraftError(`failed (exit code ${code ?? "none"})`, lines);
  const kernel = await findKernel(build);
  if (kernel === undefined) throw kraftError("ended, but left no kernel in .unikraft/build", lines);
  return kernel;
}

function kraftError(problem: string, lines: readonly string[]): UnikernelError {
  const output = lines.slice(-MAX_LINES).map((line) => `  | ${line}`);
  const excerpt = output.length === 0 ? "" : `\nIts last lines:\n${output.join("\n")}\n`;
  return new UnikernelError("BUILD_FAILED", `'kraft build' ${problem}.${excerpt}`, { property: "context" });
}

/**
 * The kernel that `kraft` has built: `.unikraft/build/<name>_<platform>-<architecture>`, or in `build` with older releases. Beside
 * it are variants with a suffix, such as `.dbg`. The newest counts if the name is not as expected.
 */
async function findKernel({ projectFolder, projectName, target }: KernelBuild): Promise<string | undefined> {
  const platforms = PLATFORM_NAMES[target.os] ?? [target.os];
  const suffixes = platforms.map((platform) => `_${platform}-${target.architecture}`);
  const found: { readonly file: string; readonly isNamed: boolean; readonly mtimeMs: number }[] = [];
  for (const folder of [path.join(projectFolder, ".unikraft", "build"), path.join(projectFolder, "build")]) {
    for (const name of await readNames(folder)) {
      const suffix = suffixes.find((candidate) => name.endsWith(candidate));
      if (suffix === undefined) continue;
      const file = path.join(folder, name);
      const stat = await fs.lstat(file);
      const isNamed = name === `${projectName ?? path.basename(projectFolder)}${suffix}`;
      if (stat.isFile()) found.push({ file, isNamed, mtimeMs: stat.mtimeMs });
    }
  }
  found.sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || b.mtimeMs - a.mtimeMs);
  return found[0]?.file;
}

async function readNames(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
