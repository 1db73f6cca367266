/**
 * The Pulumi engine: the CLI on PATH when it is new enough, else the cached one, else the official CLI downloaded by the
 * npm package `pulumi`, else one built from the engine's Go module (pinned in `engine/go.mod`).
 *
 * ```text
 * <cache>/engine/<version>/bin/pulumi                           either of the last two
 * <cache>/engine/<version>/bin/pulumi-language-nodejs           official CLI only
 * <cache>/engine/<version>/bin/pulumi-resource-pulumi-nodejs    starts the dynamic provider
 * ```
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { findGo, pinnedVersion, toolCache } from "./goTool.mjs";
import { print, SetupError, step } from "./terminal.mjs";
import { atLeast, findTool, isExecutable, lastLines, runTool } from "./tool.mjs";

/** First CLI whose refresh and preview support what the tests use. */
const MINIMUM_PULUMI = "3.216.0";
const PROBE_MS = 8_000;
const DOWNLOAD_MS = 600_000;
const ABANDONED_MS = 24 * 3600 * 1000;

/**
 * @typedef {object} Engine
 * @property {string} pulumi absolute path of the binary
 * @property {string} version such as `3.259.0`
 * @property {boolean} usesCli true when it has the Node language host, so that `pulumi up` can run a Node program
 */

/** @param {string} root the checkout @returns {Promise<Engine>} */
export async function ensureEngine(root) {
  const onPath = findTool("pulumi");
  const found = onPath === undefined ? undefined : await inspect(onPath);
  if (found !== undefined && atLeast(found.version, MINIMUM_PULUMI)) return found;
  if (onPath !== undefined) {
    print(`- ${onPath} is ${found?.version ?? "of an unknown version"}, older than ${MINIMUM_PULUMI}: not used`);
  }

  const version = pinnedVersion(moduleOf(root), "github.com/pulumi/pulumi/pkg/v3");
  const cached = path.join(engineCache(), version, "bin", "pulumi");
  const cachedEngine = await inspect(cached);
  if (cachedEngine !== undefined) return cachedEngine;

  await fs.promises.mkdir(engineCache(), { recursive: true });
  removeAbandoned();
  const draft = await fs.promises.mkdtemp(path.join(engineCache(), ".draft-"));
  try {
    const bin = (await downloadOfficial(version, draft)) ?? (await buildFromGo(root, version, draft));
    if ((await inspect(path.join(bin, "pulumi"))) === undefined) {
      throw new SetupError(`The Pulumi engine in ${bin} does not run.`, `Remove ${engineCache()} and run this again.`);
    }
    await publish(path.dirname(bin), path.join(engineCache(), version));
  } finally {
    await fs.promises.rm(draft, { recursive: true, force: true });
  }
  const engine = await inspect(cached);
  if (engine === undefined)
    throw new SetupError(`${cached} does not run.`, `Remove ${engineCache()} and run this again.`);
  return engine;
}

/** The folder of the go.mod that pins the engine's version, however it is installed. @param {string} root */
const moduleOf = (root) => path.join(root, "scripts", "setup", "engine");

const engineCache = () => toolCache("engine");

/** One human-readable line. @param {Engine} engine */
export function describeEngine(engine) {
  const mode = engine.usesCli ? "literal pulumi commands" : "inline programs, since it has no Node language host";
  return `Pulumi ${engine.version} at ${engine.pulumi}: ${mode}`;
}

/** @param {string} pulumi @returns {Promise<Engine | undefined>} undefined when it is missing or does not run */
async function inspect(pulumi) {
  if (!isExecutable(pulumi)) return undefined;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const result = await runTool(pulumi, ["version"], { env, timeoutMs: 30_000 });
  const version = /v?(\d+\.\d+\.\d+\S*)/.exec(result.stdout)?.[1];
  if (result.code !== 0 || version === undefined) return undefined;
  // The engine looks for its language hosts beside the real file first, then on PATH.
  const beside = path.join(path.dirname(fs.realpathSync(pulumi)), "pulumi-language-nodejs");
  return { pulumi, version, usesCli: isExecutable(beside) || findTool("pulumi-language-nodejs") !== undefined };
}

/**
 * Downloads the official CLI with the npm package `pulumi`, if the download server is reachable.
 *
 * @param {string} version
 * @param {string} draft
 * @returns {Promise<string | undefined>} the folder of the binaries; undefined when the CLI cannot be downloaded
 */
async function downloadOfficial(version, draft) {
  return step(
    `official Pulumi CLI ${version} (npm package "pulumi")`,
    async (note) => {
      const reachable = await fetch("https://get.pulumi.com/install.sh", {
        method: "HEAD",
        signal: AbortSignal.timeout(PROBE_MS),
      }).then(
        (response) => response.ok,
        () => false,
      );
      if (!reachable) return undefined;
      const npm = path.join(draft, "npm");
      const home = path.join(draft, "home");
      const args = ["install", "--prefix", npm, "--no-save", "--no-audit", "--no-fund", `pulumi@${version}`];
      note("installing the downloader");
      if ((await runTool("npm", args, { timeoutMs: 60_000 })).code !== 0) return undefined;
      note("downloading");
      const run = path.join(npm, "node_modules", "pulumi", "run.js");
      const env = { ...process.env, PULUMI_HOME: home, PULUMI_VERSION: version, PULUMI_SKIP_UPDATE_CHECK: "true" };
      const result = await runTool(process.execPath, [run, "version"], { env, timeoutMs: DOWNLOAD_MS });
      return result.code === 0 ? path.join(home, "versions", version, "bin") : undefined;
    },
    (bin) => (bin === undefined ? "not reachable" : "ready"),
  );
}

/**
 * @param {string} root
 * @param {string} version
 * @param {string} draft
 * @returns {Promise<string>}
 */
async function buildFromGo(root, version, draft) {
  const module = moduleOf(root);
  const alternative = `the Pulumi CLI ${MINIMUM_PULUMI} or newer (https://www.pulumi.com/docs/install/)`;
  const go = await findGo(module, "The Pulumi engine", alternative);
  const bin = path.join(draft, "engine", "bin");
  await step(
    `Pulumi engine ${version}, built once from its Go module (three to ten minutes)`,
    async (note) => {
      let modules = 0;
      let compiled = 0;
      const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
      const args = ["build", "-v", "-trimpath", "-tags", "osusergo grpcnotrace", "-ldflags", `-s -w ${stamp}`];
      const output = ["-o", path.join(bin, "pulumi"), "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"];
      const result = await runTool(go, [...args, ...output], {
        cwd: module,
        env: { ...process.env, CGO_ENABLED: "0" },
        onLine: (line) => {
          if (line.startsWith("go: downloading")) modules += 1;
          else compiled += 1;
          note(`${modules} modules downloaded, ${compiled} packages compiled`);
        },
      });
      if (result.code !== 0) {
        throw new SetupError(
          `go build of the Pulumi engine ${version} failed.`,
          `Go needs access to its module proxy (GOPROXY), about 4 GB in its caches and 2 GB of memory. ` +
            `Alternatively, put a Pulumi CLI ${MINIMUM_PULUMI} or newer on PATH.`,
          lastLines(result.output),
        );
      }
    },
    () => "built",
  );
  const launcher = path.join(bin, "pulumi-resource-pulumi-nodejs");
  const shipped = path.join(root, "node_modules", "@pulumi", "pulumi", "pulumi-resource-pulumi-nodejs");
  await fs.promises.copyFile(shipped, launcher);
  await fs.promises.chmod(launcher, 0o755);
  return bin;
}

/** Moves a finished engine to its final path, unless a concurrent run has already done so. @param {string} from @param {string} to */
async function publish(from, to) {
  try {
    await fs.promises.rename(from, to);
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    if ((await inspect(path.join(to, "bin", "pulumi"))) !== undefined) return;
    await fs.promises.rm(to, { recursive: true, force: true });
    await fs.promises.rename(from, to);
  }
}

/** Removes the drafts of killed runs. */
function removeAbandoned() {
  for (const name of fs.readdirSync(engineCache()).filter((entry) => entry.startsWith(".draft-"))) {
    const folder = path.join(engineCache(), name);
    const stat = fs.statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS)
      fs.rmSync(folder, { recursive: true, force: true });
  }
}
