/** Runs a builder and leaves its result as an OCI layout. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { environmentVariable, namedVariable, toolEnvironment } from "../../base/config/environment";
import { UnikernelError, fromSystemError, hasErrorCode } from "../../base/errors";
import { runTool } from "../../base/exec";
import { type BuildLog, createBuildLog } from "./buildLog";
import type { Builder, ContainersTool } from "./builders/builder";
import { type ResolvedBuild, buildArguments, storageArguments } from "./builders/commandLine";
import { completeRegistries, loopbackRegistries } from "./builders/registries";
import { withContainerStorage } from "./containerStorage";
import { layoutFromDockerArchive } from "./output/fromDockerArchive";
import { layoutFromDockerFolder } from "./output/fromDockerFolder";

/** What one run of a builder needs besides the {@link ResolvedBuild}. */
export interface BuildRun {
  /** Of the Dockerfile, for messages. */
  readonly displayName: string;
  readonly dockerfileText: string;
  /** Temporary folder of this build. */
  readonly folder: string;
  /** Removes secrets from a line. */
  readonly redact: (line: string) => string;
  readonly signal: AbortSignal;
  /** Receives each step as it starts. */
  readonly onStep: (step: string) => void;
}

/** Builds with the builder. Throws `BUILD_FAILED` with the failed step and the last lines of its output. */
export async function runBuild(builder: Builder, build: ResolvedBuild, run: BuildRun): Promise<void> {
  try {
    switch (builder.name) {
      case "buildkit":
        await runBuilder(builder, build, run, {});
        break;
      case "buildx":
        await runBuilder(builder, build, run, {});
        if (builder.usesImageStore) await saveFromDocker(builder.tool, build, run);
        break;
      case "podman":
      case "buildah":
        await runContainersTool(builder, build, run);
        break;
      default:
        builder satisfies never;
    }
  } catch (error) {
    throw fromSystemError(error, "building the image");
  }
}

async function runBuilder(
  builder: Builder,
  build: ResolvedBuild,
  run: BuildRun,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const isBuildKit = builder.name === "buildkit" || builder.name === "buildx";
  const log = createBuildLog(isBuildKit ? "buildkit" : "buildah");
  const code = await runTool(builder.tool, buildArguments(builder, build), {
    cwd: build.contextFolder,
    env: toolEnvironment({ TMPDIR: run.folder, ...environment }),
    signal: run.signal,
    onLine: (line) => {
      const step = log.push(run.redact(line.replace(/[^\P{Cc}\t]/gu, "")));
      if (step !== undefined) run.onStep(step);
    },
  });
  if (code !== 0) throw buildError(builder, run.displayName, log, code);
}

function buildError(builder: Builder, displayName: string, log: BuildLog, code: number | null): UnikernelError {
  const { step, lines } = log.failure();
  const place = step === undefined ? "" : ` at ${step}`;
  const end = code === null ? "it was killed" : `exit code ${code}`;
  const output =
    lines.length === 0 ? "" : `\nLast lines of the build:\n${lines.map((line) => `  | ${line}`).join("\n")}\n`;
  return new UnikernelError(
    "BUILD_FAILED",
    `The build of '${displayName}' with ${builder.name} ${builder.version} failed${place} (${end}).${output}`,
    { property: "context", ...hintFor(lines) },
  );
}

/** What to do about failures whose message explains little. */
function hintFor(lines: readonly string[]): { readonly hint?: string } {
  if (lines.some((line) => /exec format error/i.test(line)))
    return { hint: "The step runs a program of another architecture: install qemu-user-static, or change 'targets'." };
  if (lines.some((line) => /no space left on device/i.test(line)))
    return { hint: "Free some space: the builder's storage or the cache folder is full." };
  return {};
}

async function saveFromDocker(docker: string, build: ResolvedBuild, run: BuildRun): Promise<void> {
  const id = (await fs.readFile(build.idFile, "utf8")).trim();
  const archive = path.join(run.folder, "image.tar");
  await runStep(docker, ["image", "save", "--output", archive, id], run, {});
  await layoutFromDockerArchive(archive, build.ociLayout);
  await fs.rm(archive);
}

async function runContainersTool(builder: ContainersTool, build: ResolvedBuild, run: BuildRun): Promise<void> {
  const environment = { ...(builder.isRemote ? {} : await writeRegistries(build, run)), ...(await emptyLogins(run)) };
  const work = async (): Promise<void> => {
    await runBuilder(builder, build, run, environment);
    const id = (await fs.readFile(build.idFile, "utf8")).trim();
    const folder = path.join(run.folder, "image");
    const save =
      builder.name === "podman"
        ? ["save", "--quiet", "--format", "docker-dir", "--output", folder, id]
        : ["push", "--quiet", "--format", "v2s2", id, `dir:${folder}`];
    await runStep(builder.tool, [...storageArguments(builder, build), ...save], run, environment);
    await layoutFromDockerFolder(folder, build.ociLayout);
  };
  if (builder.isRemote) return work();
  return withContainerStorage(builder, build, run.signal, () => run.onStep("waiting for another build"), work);
}

/** The variable that points to the user's registry configuration with docker's defaults added. */
async function writeRegistries(build: ResolvedBuild, run: BuildRun): Promise<Readonly<Record<string, string>>> {
  const user = path.join(os.homedir(), ".config", "containers", "registries.conf");
  const text = (await readIfExists(user)) ?? (await readIfExists("/etc/containers/registries.conf")) ?? "";
  const file = path.join(run.folder, "registries.conf");
  const hosts = loopbackRegistries([
    run.dockerfileText,
    ...Object.values(build.buildArgs),
    ...build.cacheFrom,
    ...build.cacheTo,
  ]);
  await fs.writeFile(file, completeRegistries(text, hosts));
  return { CONTAINERS_REGISTRIES_CONF: file };
}

/**
 * A folder in `DOCKER_CONFIG` without a `config.json` means no logins for docker's tools; podman and buildah fail for the missing file,
 * unless another variable names one. Source: containers/common, `pkg/auth` (`GetDefaultAuthFile`, `CheckAuthFile`).
 */
async function emptyLogins({ folder }: BuildRun): Promise<Readonly<Record<string, string>>> {
  const docker = environmentVariable("DOCKER_CONFIG");
  if (docker === undefined || namedVariable("REGISTRY_AUTH_FILE") !== undefined) return {};
  if ((await readIfExists(path.join(docker, "config.json"))) !== undefined) return {};
  const file = path.join(folder, "auth.json");
  await fs.writeFile(file, "{}");
  return { REGISTRY_AUTH_FILE: file };
}

async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR", "EACCES")) return undefined;
    throw error;
  }
}

/** Runs a further command of the builder, and throws `BUILD_FAILED` with its output if it fails. */
async function runStep(
  tool: string,
  args: readonly string[],
  run: BuildRun,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const lines: string[] = [];
  const env = toolEnvironment({ TMPDIR: run.folder, ...environment });
  const code = await runTool(tool, args, { env, signal: run.signal, onLine: (line) => lines.push(run.redact(line)) });
  if (code === 0) return;
  throw new UnikernelError(
    "BUILD_FAILED",
    `The image of '${run.displayName}' could not be saved: ${lines.slice(-3).join(" ")}`,
    {
      property: "context",
    },
  );
}
