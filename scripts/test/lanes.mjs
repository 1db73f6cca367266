/** The checks and the test lanes, one after the other, and the sum of what they counted. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { say } from "../setup/terminal.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ checks: boolean, lanes: readonly string[], mochaArgs: readonly string[] }} Choice */

/** In order: the quick ones first. */
const LANES = ["unit", "contract", "foreign", "e2e"];

/** How long one test may take, unless it says otherwise itself. */
const TIMEOUT_MS = { unit: 20_000, contract: 60_000, foreign: 60_000, e2e: 600_000 };

/** How long a lane's process may live on after its last test; what keeps it alive is something a test left open. */
const LINGER_MS = 20_000;

/** How long a lane may take in all. A test that never gives way to others never notices its own limit: this ends it. */
const LANE_LIMIT_MS = 30 * 60_000;

/** Each counts as one test. */
const CHECKS = [
  ["lint", "lint"],
  ["format", "format:check"],
  ["types", "typecheck"],
];

/**
 * Lanes named on the command line, else everything; the rest of the arguments is mocha's.
 *
 * @param {readonly string[]} args
 * @returns {Choice}
 */
export function chooseLanes(args) {
  const named = args.filter((arg) => LANES.includes(arg));
  const mochaArgs = args.filter((arg) => !LANES.includes(arg));
  return { checks: args.length === 0, lanes: named.length === 0 ? LANES : named, mochaArgs };
}

/** @param {Choice} choice */
export const needsEngine = ({ lanes }) => lanes.includes("e2e");

/** @param {Choice} choice */
export const needsTools = ({ lanes }) => lanes.some((lane) => lane !== "unit");

/**
 * Runs the choice and prints the sum as the last line.
 *
 * @param {string} root
 * @param {Choice} choice
 * @returns {Promise<number>} exit code: 0 only when nothing failed and no lane was empty
 */
export async function runLanes(root, choice) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const unsound = [];
  for (const [name, script] of choice.checks ? CHECKS : []) {
    say(`\n== ${name} (npm run ${script})`);
    const code = await runInherited("npm", ["run", "--silent", script], { cwd: root });
    if (code === 0) sum.passed += 1;
    else sum.failed += 1;
    if (code !== 0) unsound.push(`npm run ${script} failed`);
  }
  for (const lane of choice.lanes) {
    say(`\n== ${lane} tests`);
    const { counts, problem } = await runLane(root, lane, choice.mochaArgs);
    sum.passed += counts.passed;
    sum.skipped += counts.skipped;
    // A lane that broke without a failing test must still show in the sum.
    sum.failed += problem === undefined ? counts.failed : Math.max(1, counts.failed);
    if (problem !== undefined) unsound.push(problem);
    else if (counts.failed > 0) unsound.push(`${counts.failed} of the ${lane} tests failed`);
  }
  say("");
  for (const line of unsound) say(line);
  say(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return unsound.length === 0 && sum.failed === 0 ? 0 : 1;
}

/**
 * @param {string} root
 * @param {string} lane
 * @param {readonly string[]} mochaArgs
 * @returns {Promise<{ counts: Counts, problem?: string }>}
 */
async function runLane(root, lane, mochaArgs) {
  const none = { passed: 0, failed: 0, skipped: 0 };
  if (!hasTests(path.join(root, "test", lane))) return { counts: none, problem: `the ${lane} lane has no tests` };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-tests-"));
  const report = path.join(folder, "counts.json");
  try {
    const mocha = path.join(root, "node_modules", "mocha", "bin", "mocha.js");
    const timeout = String(TIMEOUT_MS[/** @type {keyof typeof TIMEOUT_MS} */ (lane)]);
    const reporter = path.join(root, "scripts", "test", "reporter.cjs");
    const args = [mocha, "--timeout", timeout, "--reporter", reporter, ...mochaArgs, `test/${lane}/**/*.test.ts`];
    const env = { ...process.env, UNIKERNEL_TEST_COUNTS: report, UNIKERNEL_TEST_LANE: lane };
    let lingered = false;
    let hung = false;
    const startedAt = Date.now();
    const code = await runInherited(process.execPath, args, { cwd: root, env }, (child) => {
      let endedAt = 0;
      const watch = setInterval(() => {
        if (endedAt === 0 && fs.existsSync(report)) endedAt = Date.now();
        if (endedAt === 0) hung = Date.now() - startedAt > LANE_LIMIT_MS;
        else lingered = Date.now() - endedAt > LINGER_MS;
        if (!hung && !lingered) return;
        clearInterval(watch);
        child.kill("SIGKILL");
      }, 500);
      child.on("close", () => clearInterval(watch));
    });
    if (hung)
      return { counts: none, problem: `the ${lane} lane was ended after ${LANE_LIMIT_MS / 60_000} minutes: it hung` };
    if (!fs.existsSync(report)) return { counts: none, problem: `the ${lane} lane ended early, with code ${code}` };
    /** @type {Counts} */
    const counts = JSON.parse(fs.readFileSync(report, "utf8"));
    if (lingered)
      return { counts, problem: `a test of the ${lane} lane left something open, so its process did not end` };
    if (counts.passed + counts.failed === 0) return { counts, problem: `the ${lane} lane ran no tests` };
    if (code !== 0 && counts.failed === 0) return { counts, problem: `the ${lane} lane ended with code ${code}` };
    return { counts };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {boolean} */
function hasTests(folder) {
  if (!fs.existsSync(folder)) return false;
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .some((entry) => (entry.isDirectory() ? hasTests(path.join(folder, entry.name)) : entry.name.endsWith(".test.ts")));
}

/**
 * Runs a tool whose output goes straight to ours.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @param {(child: import("node:child_process").ChildProcess) => void} [onStart]
 * @returns {Promise<number>} exit code, 1 when a signal ended it
 */
function runInherited(file, args, options, onStart) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: "inherit" });
    const pass = () => child.kill("SIGINT");
    process.on("SIGINT", pass);
    onStart?.(child);
    child.on("error", (error) => {
      say(error.message);
      resolve(1);
    });
    child.on("close", (code) => {
      process.off("SIGINT", pass);
      resolve(code ?? 1);
    });
  });
}
