/** Installs the npm packages, a new enough Node, and the link through which the examples import this package. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { print, SetupError, step } from "./terminal.mjs";
import { atLeast, lastLines, runTool } from "./tool.mjs";

/** First version in which `node:sqlite` works without a flag. */
const MINIMUM_NODE = "22.13.0";

/** @param {string} root the checkout */
export async function installPackages(root) {
  const lock = path.join(root, "package-lock.json");
  const installed = path.join(root, "node_modules", ".package-lock.json"); // npm writes it last
  if (!fs.existsSync(installed) || fs.statSync(installed).mtimeMs < fs.statSync(lock).mtimeMs) {
    await step("npm packages (npm ci)", async () => {
      const result = await runTool("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
      if (result.missing) throw new SetupError("npm is not on PATH.", "Install npm 9 or newer and run this again.");
      if (result.code !== 0) {
        throw new SetupError(
          "npm ci failed.",
          "See npm's output above. It needs access to the registry, and a package-lock.json that matches package.json.",
          lastLines(result.output),
        );
      }
    });
  }
  linkPackage(root);
}

/**
 * `node_modules/pulumi-unikernel` → the checkout: a program in `examples/` imports this package by its name, and
 * both find the one copy of @pulumi/pulumi. npm removes the link along with node_modules, so it is restored here.
 *
 * @param {string} root
 */
function linkPackage(root) {
  const link = path.join(root, "node_modules", "pulumi-unikernel");
  try {
    if (fs.realpathSync(link) === fs.realpathSync(root)) return;
  } catch {
    // missing or dangling
  }
  fs.rmSync(link, { force: true, recursive: true });
  try {
    fs.symlinkSync("..", link, "dir");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error; // another run was faster
  }
}

/**
 * Restarts the command in the Node of the npm package `node` when this one is too old.
 *
 * @param {string} root
 * @param {string} script the script to restart
 * @returns {Promise<number | undefined>} its exit code; undefined when this Node is new enough
 */
export async function continueInNewerNode(root, script) {
  if (atLeast(process.versions.node, MINIMUM_NODE)) return undefined;
  const bin = path.join(root, "node_modules", ".bin");
  const node = path.join(bin, "node");
  const version = (await nodeVersion(node)) ?? (await installNodeBinary(root, node));
  print(
    `- Node ${process.versions.node} is older than ${MINIMUM_NODE}: continuing with ${version} of the npm package "node"`,
  );
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}` };
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: "inherit", env });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal])));
  });
}

/** @param {string} node */
async function nodeVersion(node) {
  const result = await runTool(node, ["--version"]);
  const version = result.stdout.trim();
  return result.code === 0 && atLeast(version, MINIMUM_NODE) ? version : undefined;
}

/**
 * Runs the install script that downloads the binary of the package `node`, since newer versions of npm may skip it.
 *
 * @param {string} root
 * @param {string} node
 * @returns {Promise<string>}
 */
async function installNodeBinary(root, node) {
  const folder = path.join(root, "node_modules", "node");
  const result = await step(`Node ${MINIMUM_NODE} or newer (npm package "node")`, () =>
    runTool(process.execPath, ["installArchSpecificPackage.js"], { cwd: folder }),
  );
  const version = await nodeVersion(node);
  if (version !== undefined) return version;
  throw new SetupError(
    `Node ${process.versions.node} is too old and the npm package "node" did not install a newer one.`,
    `Install Node ${MINIMUM_NODE} or newer (https://nodejs.org), or run "npm rebuild node" in ${root}, and run this again.`,
    lastLines(result.output),
  );
}
