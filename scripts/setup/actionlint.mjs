/**
 * actionlint, a linter for GitHub workflows: the one on PATH when it is new enough, else one built once from its Go module
 * (pinned in `actionlint/go.mod`, checked against `actionlint/go.sum`).
 *
 * ```text
 * <cache>/actionlint/<version>/actionlint
 * ```
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { SetupError, step } from "./terminal.mjs";
import { atLeast, findTool, isExecutable, lastLines, runTool } from "./tool.mjs";
import { findGo, pinnedVersion, toolCache } from "./goTool.mjs";

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
  await step(`actionlint ${version}, built once from its Go module`, async () => {
    await fs.promises.mkdir(home, { recursive: true });
    // Renamed into place, so that a concurrent run never uses a partial file.
    const draft = path.join(home, `.draft-${process.pid}`);
    try {
      const args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", draft, `${MODULE}/cmd/actionlint`];
      const result = await runTool(go, args, { cwd: folder, env: { ...process.env, CGO_ENABLED: "0" } });
      if (result.code !== 0) {
        throw new SetupError(
          `go build of actionlint ${version} failed.`,
          `Go needs access to its module proxy (GOPROXY). Alternatively, put actionlint ${version} or newer on PATH.`,
          lastLines(result.output),
        );
      }
      await fs.promises.rename(draft, binary);
    } finally {
      await fs.promises.rm(draft, { force: true });
    }
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
