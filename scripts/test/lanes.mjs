/** The checks and the test lanes, one after the other, and the sum of what they counted. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { say } from "../setup/terminal.mjs";
import { runInherited } from "../setup/tool.mjs";
import { COVERED_LANES, coverageReport } from "./coverage.mjs";
import { runLane } from "./runLane.mjs";

/** @typedef {{ checks: boolean, lanes: readonly string[], mochaArgs: readonly string[] }} Choice */

/** In order: the quick ones first. */
const LANES = ["unit", "property", "contract", "foreign", "e2e"];

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

/** What needs neither a VM nor the engine. @type {Choice} */
export const CHECK_CHOICE = { checks: true, lanes: ["unit", "property", "contract"], mochaArgs: [] };

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
  const dumps = choice.checks ? fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-coverage-")) : undefined;
  for (const lane of choice.lanes) {
    say(`\n== ${lane} tests`);
    const counted = dumps !== undefined && COVERED_LANES.includes(lane) ? { NODE_V8_COVERAGE: dumps } : {};
    const { counts, problem } = await runLane(root, lane, choice.mochaArgs, counted);
    sum.passed += counts.passed;
    sum.skipped += counts.skipped;
    // A lane that broke without a failing test must still show in the sum.
    sum.failed += problem === undefined ? counts.failed : Math.max(1, counts.failed);
    if (problem !== undefined) unsound.push(problem);
    else if (counts.failed > 0) unsound.push(`${counts.failed} of the ${lane} tests failed`);
  }
  if (dumps !== undefined) {
    say("\n== coverage");
    const code = await runInherited(process.execPath, coverageReport(root, dumps), { cwd: root });
    fs.rmSync(dumps, { recursive: true, force: true });
    if (code === 0) sum.passed += 1;
    else sum.failed += 1;
    if (code !== 0) unsound.push("the tests cover less than .c8rc.json asks for");
  }
  say("");
  for (const line of unsound) say(line);
  say(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return unsound.length === 0 && sum.failed === 0 ? 0 : 1;
}
