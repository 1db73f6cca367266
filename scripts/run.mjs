/**
 * `npm run demo`, `npm run check` and `npm test` from a fresh clone: makes ready whatever is missing, then runs the command.
 * Plain JavaScript without dependencies, for any Node from 18 on, since it runs before anything is installed.
 *
 * ```text
 * node scripts/run.mjs demo [destroy]
 * node scripts/run.mjs test [lane…] [mocha options…]
 * node scripts/run.mjs check         what needs neither a VM nor the engine
 * node scripts/run.mjs engine        the engine as one line of JSON, the last of its output
 * node scripts/run.mjs actionlint    its path, the last line of its output
 * ```
 */
import { spawn } from "node:child_process";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureActionlint } from "./setup/actionlint.mjs";
import { buildLibrary } from "./setup/build.mjs";
import { continueInNewerNode, installPackages } from "./setup/dependencies.mjs";
import { describeEngine, ensureEngine } from "./setup/engine.mjs";
import { ensureSystemTools, LANE_TOOLS, PLATFORM_TOOLS } from "./setup/systemTools.mjs";
import { CHECK_CHOICE, chooseLanes, runLanes } from "./test/lanes.mjs";
import { explain, say, SetupError } from "./setup/terminal.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** @param {string} command @param {string[]} args @returns {Promise<number>} exit code */
async function main(command, args) {
  if (!["demo", "test", "check", "engine", "actionlint"].includes(command)) {
    throw new SetupError(`There is no command "${command}".`, "Use demo, test, check, engine or actionlint.");
  }
  await installPackages(root);
  const code = await continueInNewerNode(root, fileURLToPath(import.meta.url));
  if (code !== undefined) return code;

  if (command === "engine") {
    say(JSON.stringify(await ensureEngine(root)));
    return 0;
  }
  if (command === "actionlint") {
    say(await ensureActionlint(root));
    return 0;
  }
  if (command === "demo") {
    await ensureSystemTools(PLATFORM_TOOLS);
    await buildLibrary(root);
    await readyEngine();
    return runDemo(args);
  }
  const choice = command === "check" ? CHECK_CHOICE : chooseLanes(args);
  await ensureSystemTools([...new Set(choice.lanes.flatMap((lane) => LANE_TOOLS[lane] ?? []))]);
  await buildLibrary(root);
  if (choice.lanes.includes("foreign")) process.env["UNIKERNEL_TEST_ACTIONLINT"] = await ensureActionlint(root);
  if (choice.lanes.includes("e2e")) await readyEngine();
  return runLanes(root, choice);
}

/** Makes the engine ready and tells the harness, which would otherwise ask again. */
async function readyEngine() {
  const engine = await ensureEngine(root);
  say(`- ${describeEngine(engine)}`);
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
  explain(error);
  process.exitCode = 1;
}
