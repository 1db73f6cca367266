/** Looks for the builders on this machine. */
import { environmentVariable } from "../../../base/config/environment";
import { errorMessage, isError } from "../../../base/errors";
import { findTool, runTool } from "../../../base/exec";
import { withTimeout } from "../../../base/timeout";
import { isAtLeast } from "../../../base/version";
import {
  BUILDER_NAMES,
  type Builder,
  type BuilderName,
  type Probe,
  chooseBuilder,
  parseForcedBuilder,
} from "./builder";

/** A daemon that does not respond in this time, in milliseconds, counts as unusable. */
const PROBE_TIMEOUT_MS = 10_000;

/** First buildah whose parser knows here-documents. Source: buildah, CHANGELOG of 1.33.0. */
const HEREDOC_VERSION = [1, 33] as const;

/**
 * Finds the first usable builder, in the order BuildKit, `docker buildx`, `podman`, `buildah`; or the one that `UNIKERNEL_BUILDER`
 * selects. Throws `BUILDER_MISSING`, or `CONFIG_INVALID` for an unknown value of the variable.
 */
export async function findBuilder(
  signal: AbortSignal,
): Promise<{ readonly builder: Builder; readonly warnings: readonly string[] }> {
  const forced = parseForcedBuilder(environmentVariable("UNIKERNEL_BUILDER"));
  const probes: Probe[] = [];
  for (const name of forced === undefined ? BUILDER_NAMES : [forced]) {
    const probe = await probeBuilder(name, signal);
    probes.push(probe);
    if ("builder" in probe) break;
  }
  return chooseBuilder(probes, forced);
}

/** Looks for one builder. */
export async function probeBuilder(name: BuilderName, signal: AbortSignal): Promise<Probe> {
  switch (name) {
    case "buildkit":
      return probeBuildKit(signal);
    case "buildx":
      return probeBuildx(signal);
    case "podman":
    case "buildah":
      return probeContainersTool(name, signal);
    default:
      return name satisfies never;
  }
}

async function probeBuildKit(signal: AbortSignal): Promise<Probe> {
  const name = "buildkit";
  const host = environmentVariable("BUILDKIT_HOST");
  const tool = findTool("buildctl");
  if (host === undefined) return { name, problem: "BUILDKIT_HOST is not set", isConfigured: false };
  if (tool === undefined)
    return { name, problem: "BUILDKIT_HOST is set, but buildctl is not on PATH", isConfigured: true };
  const workers = await ask(tool, ["debug", "workers"], signal);
  if (workers.problem !== undefined) {
    return { name, problem: `BuildKit at BUILDKIT_HOST does not respond (${workers.problem})`, isConfigured: true };
  }
  const { output } = await ask(tool, ["--version"], signal);
  return { name, builder: { name, tool, version: versionIn(output) } };
}

async function probeBuildx(signal: AbortSignal): Promise<Probe> {
  const name = "buildx";
  const tool = findTool("docker");
  if (tool === undefined) return { name, problem: "docker is not on PATH", isConfigured: false };
  const version = await ask(tool, ["buildx", "version"], signal);
  if (version.problem !== undefined) return { name, problem: "docker has no buildx plugin", isConfigured: false };
  // Not bootstrapped: the first build starts a builder that is only inactive.
  const inspected = await ask(tool, ["buildx", "inspect"], signal);
  const problem = inspected.problem ?? /^Error:\s*(.+)$/m.exec(inspected.output)?.[1];
  if (problem !== undefined) return { name, problem: `docker buildx has no builder (${problem})`, isConfigured: false };
  // Docker's own builder writes OCI layouts only with the containerd image store.
  let usesImageStore = false;
  if (/^Driver:\s*docker\s*$/m.test(inspected.output)) {
    const status = await ask(tool, ["info", "--format", "{{json .DriverStatus}}"], signal);
    usesImageStore = !status.output.includes("io.containerd.snapshotter");
  }
  return { name, builder: { name, tool, version: versionIn(version.output), usesImageStore } };
}

async function probeContainersTool(name: "podman" | "buildah", signal: AbortSignal): Promise<Probe> {
  const tool = findTool(name);
  if (tool === undefined) return { name, problem: `${name} is not on PATH`, isConfigured: false };
  const help = await ask(tool, ["build", "--help"], signal);
  if (help.problem !== undefined)
    return { name, problem: `${tool} does not run (${help.problem})`, isConfigured: false };
  const options = new Set(help.output.match(/--[a-z-]+/g) ?? []);
  const { output } = await ask(tool, ["--version"], signal);
  if (name === "buildah") {
    const hasHeredocs = isAtLeast(versionIn(output), HEREDOC_VERSION);
    return { name, builder: { name, tool, version: versionIn(output), hasHeredocs, options, isRemote: false } };
  }
  const info = await ask(tool, ["info", "--format", "{{.Host.ServiceIsRemote}} {{.Host.BuildahVersion}}"], signal);
  if (info.problem !== undefined)
    return { name, problem: `podman does not work (${info.problem})`, isConfigured: false };
  const hasHeredocs = isAtLeast(versionIn(info.output), HEREDOC_VERSION);
  const isRemote = info.output.trimStart().startsWith("true");
  return { name, builder: { name, tool, version: versionIn(output), hasHeredocs, options, isRemote } };
}

/** Output of a tool, or its last line as the reason why it failed. */
async function ask(
  tool: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly output: string; readonly problem?: string }> {
  const lines: string[] = [];
  try {
    const code = await withTimeout(PROBE_TIMEOUT_MS, signal, (limit) =>
      runTool(tool, args, { signal: limit, onLine: (line) => lines.push(line) }),
    );
    const output = lines.join("\n");
    return code === 0
      ? { output }
      : { output, problem: lines.findLast((line) => line.trim() !== "") ?? `exit code ${code}` };
  } catch (error) {
    signal.throwIfAborted();
    const isLate = isError(error) && error.name === "AbortError";
    return { output: "", problem: isLate ? `no response within ${PROBE_TIMEOUT_MS / 1000} s` : errorMessage(error) };
  }
}

const versionIn = (text: string): string => /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? "unknown";
