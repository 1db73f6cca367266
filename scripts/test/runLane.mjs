/** Runs one test lane: its files in several mocha processes, as many at once as there are processors. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { runFiles } from "./runFiles.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number, failures: readonly string[] }} Counts `failures`: title and error of each */
/** @typedef {{ counts: Counts, problems: readonly string[] }} LaneResult */

/** Default timeout of one test. */
const TIMEOUT_MS = { unit: 60_000, property: 60_000, contract: 60_000, foreign: 60_000, e2e: 600_000 };

/** Test files per process. Short files share one, since a process takes seconds to load what they test. */
const FILES_PER_PROCESS = { unit: 64, property: 1, contract: 10, foreign: 5, e2e: 1 };

/** Files that count lost requests under load: beside another one, on few processors, they would count those of a busy machine. */
const RUNS_ALONE = /\/(rollouts|failedRollouts|reload)\.test\.ts$/;

/** More would start VMs and engines faster than a machine of this kind can run them. */
const MAX_PROCESSES = 4;

/**
 * @param {string} root the checkout
 * @param {string} lane
 * @param {readonly string[]} mochaArgs
 * @param {NodeJS.ProcessEnv} extra variables for this lane
 * @returns {Promise<LaneResult>}
 */
export async function runLane(root, lane, mochaArgs, extra) {
  const files = testFilesIn(root, path.join("test", lane));
  const counts = { passed: 0, failed: 0, skipped: 0, failures: /** @type {string[]} */ ([]) };
  if (files.length === 0) return { counts, problems: [`the ${lane} lane has no tests`] };
  const problems = /** @type {string[]} */ ([]);
  const name = /** @type {keyof typeof TIMEOUT_MS} */ (lane);
  const env = { UNIKERNEL_TEST_LANE: lane, ...extra };
  const args = ["--timeout", String(TIMEOUT_MS[name]), ...mochaArgs];
  const shared = files.filter((file) => !RUNS_ALONE.test(file));
  const groups = spread(shared, Math.ceil(shared.length / FILES_PER_PROCESS[name]));
  const work = async () => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const result = await runFiles(root, group, args, env);
      counts.passed += result.counts.passed;
      counts.failed += result.counts.failed;
      counts.skipped += result.counts.skipped;
      counts.failures.push(...result.counts.failures);
      if (result.problem !== undefined) problems.push(`${group.join(", ")}: ${result.problem}`);
    }
  };
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    problems.push(`the ${lane} lane was interrupted before ${groups.flat().length} of its files`);
    groups.length = 0;
  };
  process.on("SIGINT", interrupt);
  await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), MAX_PROCESSES) }, work));
  if (!isInterrupted) groups.push(...files.filter((file) => RUNS_ALONE.test(file)).map((file) => [file]));
  await work();
  process.off("SIGINT", interrupt);
  if (counts.passed + counts.failed === 0 && problems.length === 0) problems.push(`the ${lane} lane ran no tests`);
  return { counts, problems };
}

/** Test files below a folder, as paths from the root, in order. @param {string} root @param {string} folder @returns {string[]} */
function testFilesIn(root, folder) {
  if (!fs.existsSync(path.join(root, folder))) return [];
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join(folder, file))
    .sort();
}

/**
 * Deals files out like cards: neighbours, which often take equally long, come into different groups.
 *
 * @param {readonly string[]} files
 * @param {number} count
 */
function spread(files, count) {
  return Array.from({ length: count }, (_, group) => files.filter((_file, index) => index % count === group));
}
