/** Runs one test lane: mocha in a separate process, which is killed if it hangs. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { runInherited } from "../setup/tool.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number, failures: readonly string[] }} Counts `failures`: title and error of each */

/** Default timeout of one test. */
const TIMEOUT_MS = { unit: 60_000, property: 60_000, contract: 60_000, foreign: 60_000, e2e: 600_000 };

/** How long a lane's process may stay alive after its last test; a longer time means that a test left something open. */
const LINGER_MS = 20_000;

/** Timeout of a whole lane. A test that blocks the event loop never reaches its own timeout; this one ends it. */
const LANE_LIMIT_MS = 65 * 60_000;

/**
 * @param {string} root the checkout
 * @param {string} lane
 * @param {readonly string[]} mochaArgs
 * @param {NodeJS.ProcessEnv} extra variables for this lane
 * @returns {Promise<{ counts: Counts, problem?: string }>}
 */
export async function runLane(root, lane, mochaArgs, extra) {
  const none = { passed: 0, failed: 0, skipped: 0, failures: [] };
  if (!hasTests(path.join(root, "test", lane))) return { counts: none, problem: `the ${lane} lane has no tests` };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-tests-"));
  const report = path.join(folder, "counts.json");
  try {
    const mocha = path.join(root, "node_modules", "mocha", "bin", "mocha.js");
    const timeout = String(TIMEOUT_MS[/** @type {keyof typeof TIMEOUT_MS} */ (lane)]);
    const reporter = path.join(root, "scripts", "test", "reporter.cjs");
    const args = [mocha, "--timeout", timeout, "--reporter", reporter, ...mochaArgs, `test/${lane}/**/*.test.ts`];
    const env = { ...process.env, UNIKERNEL_TEST_COUNTS: report, UNIKERNEL_TEST_LANE: lane, ...extra };
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
      return { counts: none, problem: `the ${lane} lane hung and was killed after ${LANE_LIMIT_MS / 60_000} minutes` };
    if (!fs.existsSync(report)) return { counts: none, problem: `the ${lane} lane exited early with code ${code}` };
    /** @type {Counts} */
    const counts = JSON.parse(fs.readFileSync(report, "utf8"));
    if (lingered)
      return { counts, problem: `a test of the ${lane} lane left something open, so its process did not exit` };
    if (counts.passed + counts.failed === 0) return { counts, problem: `the ${lane} lane ran no tests` };
    if (code !== 0 && counts.failed === 0) return { counts, problem: `the ${lane} lane exited with code ${code}` };
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
