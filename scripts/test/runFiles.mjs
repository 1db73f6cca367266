/** Runs test files in one mocha process, which is killed if it hangs. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** How long the process may stay alive after its last test; a longer time means that a test left something open. */
const LINGER_MS = 20_000;

/** Timeout of the process. A test that blocks the event loop never reaches its own timeout; this one ends it. */
const LIMIT_MS = 40 * 60_000;

const NO_COUNTS = { passed: 0, failed: 0, skipped: 0, failures: [] };

/**
 * Prints what the process printed when it has exited, so that the output of two of them does not mix.
 *
 * @param {string} root the checkout
 * @param {readonly string[]} files from the root
 * @param {readonly string[]} mochaArgs
 * @param {NodeJS.ProcessEnv} extra variables for the process
 * @returns {Promise<{ counts: import("./runLane.mjs").Counts, problem?: string }>}
 */
export async function runFiles(root, files, mochaArgs, extra) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-tests-"));
  const report = path.join(folder, "counts.json");
  // A file, not a pipe: a process that a test left behind would hold the pipe open.
  const output = fs.openSync(path.join(folder, "output"), "w+");
  try {
    const mocha = path.join(root, "node_modules", "mocha", "bin", "mocha.js");
    const reporter = path.join(root, "scripts", "test", "reporter.cjs");
    const child = spawn(process.execPath, [mocha, "--reporter", reporter, ...mochaArgs, ...files], {
      cwd: root,
      env: { ...process.env, ...compileCache(root, extra), UNIKERNEL_TEST_COUNTS: report, ...extra },
      stdio: ["ignore", output, output],
    });
    const end = await endOf(child, report);
    process.stdout.write(fs.readFileSync(path.join(folder, "output")));
    if (end === "hung") return { counts: NO_COUNTS, problem: `hung and was killed after ${LIMIT_MS / 60_000} minutes` };
    if (!fs.existsSync(report)) return { counts: NO_COUNTS, problem: `exited early with code ${end}` };
    const counts = JSON.parse(fs.readFileSync(report, "utf8"));
    if (end === "lingered") return { counts, problem: "a test left something open, so the process did not exit" };
    if (end !== 0 && counts.failed === 0) return { counts, problem: `exited with code ${end}` };
    return { counts };
  } finally {
    fs.closeSync(output);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Waits for the exit; kills the process when it hangs, or lingers after its report.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} report
 * @returns {Promise<number | null | "hung" | "lingered">} exit code, null when a signal ended it
 */
async function endOf(child, report) {
  const interrupt = () => child.kill("SIGINT");
  process.on("SIGINT", interrupt);
  const exited = /** @type {Promise<number | null>} */ (
    new Promise((resolve) => child.on("error", () => resolve(null)).on("exit", resolve))
  );
  let killed = /** @type {"hung" | "lingered" | undefined} */ (undefined);
  const deadline = Date.now() + LIMIT_MS;
  let lingersUntil = Infinity;
  const watch = setInterval(() => {
    if (lingersUntil === Infinity && fs.existsSync(report)) lingersUntil = Date.now() + LINGER_MS;
    if (Date.now() > lingersUntil) killed = "lingered";
    else if (Date.now() > deadline && lingersUntil === Infinity) killed = "hung";
    if (killed !== undefined) child.kill("SIGKILL");
  }, 500);
  const code = await exited;
  clearInterval(watch);
  process.off("SIGINT", interrupt);
  return killed ?? code;
}

/**
 * Every start of Node loads the same large packages; compiled, they load in half the time. Not with coverage, which it blurs.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} extra
 * @returns {NodeJS.ProcessEnv}
 */
function compileCache(root, extra) {
  return extra["NODE_V8_COVERAGE"] === undefined ? { NODE_COMPILE_CACHE: path.join(root, ".cache", "node") } : {};
}
