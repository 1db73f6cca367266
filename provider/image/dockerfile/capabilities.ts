/** What a build asks for that the builder cannot do, and other things that a user should know. Pure. */
import { UnikernelError } from "../../base/errors";
import type { Builder } from "./builders/builder";
import { type ResolvedBuild, registryCache } from "./builders/commandLine";
import { type Instruction, secretUses } from "./instructions";

/**
 * Throws `NOT_SUPPORTED` if the builder would build something else than what was asked for; returns warnings about the rest.
 *
 * @param dockerfile name of the Dockerfile, for messages
 */
export function checkCapabilities(
  builder: Builder,
  build: ResolvedBuild,
  instructions: readonly Instruction[],
  dockerfile: string,
): readonly string[] {
  const warnings = secretUses(instructions)
    .filter(({ id }) => !build.secretFiles.has(id))
    .map(({ id, line }) => `${dockerfile}:${line} uses the build secret '${id}', which is not given.`);
  if (builder.name === "buildkit" || builder.name === "buildx") return warnings;

  const tool = `${builder.name} ${builder.version}`;
  const problems: string[] = [];
  const heredoc = instructions.find(({ hasHeredoc }) => hasHeredoc);
  if (heredoc !== undefined && !builder.hasHeredocs)
    problems.push(`${tool} does not know here-documents, which ${dockerfile}:${heredoc.line} uses`);
  if (build.secretFiles.size > 0 && !builder.options.has("--secret"))
    problems.push(`${tool} does not support build secrets`);
  if (build.ssh.length > 0 && !builder.options.has("--ssh")) problems.push(`${tool} does not support SSH`);
  if (problems.length > 0) {
    throw new UnikernelError("NOT_SUPPORTED", `${problems.join("; ")}.`, {
      property: "context",
      hint: "Use BuildKit, docker buildx or a newer release: see UNIKERNEL_BUILDER.",
    });
  }
  return [
    ...warnings,
    ...cacheWarnings(tool, build.cacheFrom, "import", builder.options.has("--cache-from")),
    ...cacheWarnings(tool, build.cacheTo, "export", builder.options.has("--cache-to")),
  ];
}

const cacheWarnings = (
  tool: string,
  caches: readonly string[],
  verb: "import" | "export",
  isSupported: boolean,
): readonly string[] =>
  caches
    .filter((cache) => !isSupported || registryCache(cache) === undefined)
    .map((cache) => `${tool} cannot ${verb} the cache '${cache}'; the build goes on without it.`);
