/** Runs the checks and the test lanes in sequence and sums their counts. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { print } from "../setup/terminal.mjs";
import { runInherited } from "../setup/tool.mjs";
import { COVERED_LANES, coverageReport } from "./coverage.mjs";
import { runLane } from "./runLane.mjs";

/** @typedef {{ checks: boolean, lanes: readonly string[], mochaArgs: readonly string[] }} Choice */

/** In the order they run: quick ones first. */
const LANES = ["unit", "property", "contract", "foreign", "e2e"];

const COMPLETE = "--complete";

/** Each counts as one test. */
const CHECKS = [
  ["lint", "lint"],
  ["format", "format:check"],
  ["types", "typecheck"],
];

/**
 * The lanes named on the command line, or else all checks and lanes; other arguments are passed to mocha. `--complete`: with the tests
 * that only the complete form of the end-to-end lane has; see `test/support/form.ts`.
 *
 * @param {readonly string[]} args
 * @returns {Choice}
 */
export function chooseLanes(args) {
  const named = args.filter((arg) => LANES.includes(arg));
  const mochaArgs = args.filter((arg) => !LANES.includes(arg) && arg !== COMPLETE);
  if (args.includes(COMPLETE)) process.env["UNIKERNEL_TEST_COMPLETE"] = "1";
  return { checks: args.every((arg) => arg === COMPLETE), lanes: named.length === 0 ? LANES : named, mochaArgs };
}

/** Everything that needs neither a VM nor the engine. @type {Choice} */
export const CHECK_CHOICE = { checks: true, lanes: ["unit", "property", "contract"], mochaArgs: [] };

/**
 * Runs the choice and prints the total as the last line.
 *
 * @param {string} root
 * @param {Choice} choice
 * @returns {Promise<number>} exit code: 0 only if nothing failed and no lane was empty
 */
export async function runLanes(root, choice) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const problems = [];
  for (const [name, script] of choice.checks ? CHECKS : []) {
    print(`\n== ${name} (npm run ${script})`);
    const code = await runInherited("npm", ["run", "--silent", script], { cwd: root });
    if (code === 0) sum.passed += 1;
    else sum.failed += 1;
    if (code !== 0) problems.push(`npm run ${script} failed`);
  }
  const dumps = choice.checks ? fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-coverage-")) : undefined;
  for (const lane of choice.lanes) {
    const isShort = lane === "e2e" && process.env["UNIKERNEL_TEST_COMPLETE"] !== "1";
    print(`\n== ${lane} tests${isShort ? " (the short form; all of them: npm test -- e2e --complete)" : ""}`);
    const coverage = dumps !== undefined && COVERED_LANES.includes(lane) ? { NODE_V8_COVERAGE: dumps } : {};
    const result = await runLane(root, lane, choice.mochaArgs, coverage);
    const { counts } = result;
    sum.passed += counts.passed;
    sum.skipped += counts.skipped;
    // A process that failed without a failing test must still count as a failure.
    sum.failed += counts.failed + result.problems.length;
    problems.push(...result.problems);
    if (counts.failed > 0) problems.push(`${counts.failed} of the ${lane} tests failed:`);
    // Repeated here, since a log of CI is often cut to its end.
    problems.push(...counts.failures.map((failure) => `  ${failure}`));
  }
  if (dumps !== undefined) {
    print("\n== coverage");
    const code = await runInherited(process.execPath, coverageReport(root, dumps), { cwd: root });
    fs.rmSync(dumps, { recursive: true, force: true });
    if (code === 0) sum.passed += 1;
    else sum.failed += 1;
    if (code !== 0) problems.push("the coverage is below the thresholds in .c8rc.json");
  }
  print("");
  for (const line of problems) print(line);
  print(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return problems.length === 0 && sum.failed === 0 ? 0 : 1;
}
