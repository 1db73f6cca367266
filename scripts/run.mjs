/**
 * Entry point of `npm run demo`, `npm run check` and `npm test`: installs and builds whatever is missing in a fresh clone,
 * then runs the command. Plain JavaScript without dependencies for Node 18 or newer, since it runs before anything is
 * installed.
 *
 * ```text
 * node scripts/run.mjs demo [destroy]
 * node scripts/run.mjs test [lane…] [mocha options…]
 * node scripts/run.mjs check         everything that needs neither a VM nor the engine
 * node scripts/run.mjs engine        prints the engine as JSON, in its last line of output
 * node scripts/run.mjs actionlint    prints the path of actionlint, in its last line of output
 * node scripts/run.mjs buildkit      prints the folder of buildkitd and buildctl, in its last line of output
 * node scripts/run.mjs kubernetes    prints the Kubernetes API's programs as JSON, in its last line of output
 * ```
 */
import { spawn } from "node:child_process";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureActionlint } from "./setup/actionlint.mjs";
import { ensureBuildKit } from "./setup/buildkit.mjs";
import { buildLibrary } from "./setup/build.mjs";
import { continueInNewerNode, installPackages } from "./setup/dependencies.mjs";
import { describeEngine, ensureEngine } from "./setup/engine.mjs";
import { ensureKubernetes } from "./setup/kubernetes/ensureKubernetes.mjs";
import { BUILDER_TOOLS, ensureSystemTools, LANE_TOOLS, PLATFORM_TOOLS } from "./setup/systemTools.mjs";
import { CHECK_CHOICE, chooseLanes, runLanes } from "./test/lanes.mjs";
import { print, printFailure, SetupError } from "./setup/terminal.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const COMMANDS = ["demo", "test", "check", "engine", "actionlint", "buildkit", "kubernetes"];

/** @param {string} command @param {string[]} args @returns {Promise<number>} exit code */
async function main(command, args) {
  if (!COMMANDS.includes(command)) {
    const use = `Use ${COMMANDS.slice(0, -1).join(", ")} or ${COMMANDS.at(-1)}.`;
    throw new SetupError(`Unknown command "${command}".`, use);
  }
  await installPackages(root);
  const code = await continueInNewerNode(root, fileURLToPath(import.meta.url));
  if (code !== undefined) return code;

  if (command === "engine") {
    print(JSON.stringify(await ensureEngine(root)));
    return 0;
  }
  if (command === "actionlint") {
    print(await ensureActionlint(root));
    return 0;
  }
  if (command === "buildkit") {
    await ensureSystemTools(BUILDER_TOOLS);
    print(await ensureBuildKit(root));
    return 0;
  }
  if (command === "kubernetes") {
    print(JSON.stringify(await ensureKubernetes(root)));
    return 0;
  }
  if (command === "demo") {
    await ensureSystemTools(PLATFORM_TOOLS);
    await buildLibrary(root);
    await prepareEngine();
    return runDemo(args);
  }
  const choice = command === "check" ? CHECK_CHOICE : chooseLanes(args);
  await ensureSystemTools([...new Set(choice.lanes.flatMap((lane) => LANE_TOOLS[lane] ?? []))]);
  await buildLibrary(root);
  if (choice.lanes.includes("foreign")) process.env["UNIKERNEL_TEST_ACTIONLINT"] = await ensureActionlint(root);
  if (choice.lanes.includes("e2e")) {
    await prepareEngine();
    process.env["UNIKERNEL_TEST_BUILDKIT"] = await ensureBuildKit(root);
    process.env["UNIKERNEL_TEST_KUBERNETES"] = JSON.stringify(await ensureKubernetes(root));
  }
  return runLanes(root, choice);
}

/** Installs the engine and passes it to the test harness, which would otherwise look for it again. */
async function prepareEngine() {
  const engine = await ensureEngine(root);
  print(`- ${describeEngine(engine)}`);
  process.env["UNIKERNEL_TEST_ENGINE"] = JSON.stringify(engine);
}

/** @param {string[]} args @returns {Promise<number>} */
function runDemo(args) {
  const demo = path.join(root, "scripts", "demo.ts");
  const child = spawn(process.execPath, ["-r", "tsx/cjs", demo, ...args], { cwd: root, stdio: "inherit" });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await main(process.argv[2] ?? "", process.argv.slice(3));
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
