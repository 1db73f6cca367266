/**
 * actionlint, a linter for GitHub workflows: the one on PATH when it is new enough, else one built once from its Go module
 * (pinned in `actionlint/go.mod`, checked against `actionlint/go.sum`).
 *
 * ```text
 * <cache>/actionlint/<version>/actionlint
 * ```
 */
import * as path from "node:path";
import { SetupError } from "./terminal.mjs";
import { atLeast, findTool, isExecutable, runTool } from "./tool.mjs";
import { buildGoCommands, findGo, pinnedVersion, toolCache } from "./goTool.mjs";

const MODULE = "github.com/rhysd/actionlint";

/** @param {string} root the checkout @returns {Promise<string>} absolute path of the binary */
export async function ensureActionlint(root) {
  const folder = path.join(root, "scripts", "setup", "actionlint");
  const version = pinnedVersion(folder, MODULE);
  const onPath = findTool("actionlint");
  if (onPath !== undefined && atLeast((await versionOf(onPath)) ?? "0", version)) return onPath;

  const home = path.join(toolCache("actionlint"), version);
  const binary = path.join(home, "actionlint");
  if ((await versionOf(binary)) === version) return binary;

  const go = await findGo(folder, `actionlint ${version}`, `actionlint ${version} or newer (${releases(version)})`);
  await buildGoCommands({
    go,
    folder,
    title: `actionlint ${version}`,
    packages: [`${MODULE}/cmd/actionlint`],
    home,
    alternative: `actionlint ${version} or newer`,
  });
  if ((await versionOf(binary)) !== version)
    throw new SetupError(`${binary} does not run.`, `Remove ${home} and run this again.`);
  return binary;
}

/** @param {string} version */
const releases = (version) => `https://${MODULE}/releases/tag/v${version}`;

/** @param {string} binary @returns {Promise<string | undefined>} undefined when it is missing or does not run */
async function versionOf(binary) {
  if (!isExecutable(binary)) return undefined;
  const result = await runTool(binary, ["-version"], { timeoutMs: 30_000 });
  return result.code === 0 ? /\d+\.\d+\.\d+/.exec(result.stdout)?.[0] : undefined;
}
