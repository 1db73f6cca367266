/**
 * BuildKit, with which the tests build Dockerfiles: built once from its Go module (pinned in `buildkit/go.mod`, checked against
 * `buildkit/go.sum`). Needs `runc` at run time, which is a system package.
 *
 * ```text
 * <cache>/buildkit/<version>/buildkitd    the daemon
 * <cache>/buildkit/<version>/buildctl     its client
 * ```
 */
import * as path from "node:path";
import { SetupError } from "./terminal.mjs";
import { isExecutable, runTool } from "./tool.mjs";
import { buildGoCommands, findGo, pinnedVersion, toolCache } from "./goTool.mjs";

const MODULE = "github.com/moby/buildkit";

/** @param {string} root the checkout @returns {Promise<string>} absolute path of the folder with both commands */
export async function ensureBuildKit(root) {
  const folder = path.join(root, "scripts", "setup", "buildkit");
  const version = pinnedVersion(folder, MODULE);
  const home = path.join(toolCache("buildkit"), version);
  if (await isComplete(home, version)) return home;
  await buildGoCommands({
    go: await findGo(folder, `BuildKit ${version}`, "a newer Go"),
    folder,
    title: `BuildKit ${version}`,
    packages: [`${MODULE}/cmd/buildkitd`, `${MODULE}/cmd/buildctl`],
    home,
    alternative: "a newer Go",
    ldflags: `-X ${MODULE}/version.Version=v${version}`,
  });
  if (await isComplete(home, version)) return home;
  throw new SetupError(`BuildKit in ${home} does not run.`, `Remove ${home} and run this again.`);
}

/** @param {string} home @param {string} version */
async function isComplete(home, version) {
  for (const name of ["buildkitd", "buildctl"]) {
    const binary = path.join(home, name);
    if (!isExecutable(binary)) return false;
    const { code, stdout } = await runTool(binary, ["--version"], { timeoutMs: 30_000 });
    if (code !== 0 || !stdout.includes(` v${version} `)) return false;
  }
  return true;
}
