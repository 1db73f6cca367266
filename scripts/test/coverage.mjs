/**
 * Coverage of `provider/` by the measured lanes: V8 counts (`NODE_V8_COVERAGE`), c8 maps the counts to the sources and
 * fails below the thresholds in `.c8rc.json`.
 *
 * Only the lane's own process is measured (`.mocharc.cjs`). Its children run compiled code, whose branches do not match
 * those of the sources, and a child that a test kills writes no counts. `.c8rc.json` excludes modules that only contain
 * types: they are never loaded, and would count as uncovered.
 */
import * as fs from "node:fs";
import { SourceMap } from "node:module";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

/** The lanes that `npm run check` and `npm test` have in common, so that both measure the same coverage. @type {readonly string[]} */
export const COVERED_LANES = ["unit", "contract"];

/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */
/** @typedef {{ url: string, functions: { functionName: string, ranges: Range[], isBlockCoverage: boolean }[] }} Script */
/** @typedef {{ lineLengths: number[], data: import("node:module").SourceMapPayload | null }} CachedMap */
/** @typedef {{ result: Script[], "source-map-cache"?: Record<string, CachedMap> }} Dump a coverage file as Node writes it */

/**
 * Arguments for a Node process that prints the summary, writes a page per source to `.cache/coverage/`, and exits with 1
 * below the thresholds in `.c8rc.json`.
 *
 * @param {string} root the checkout
 * @param {string} dumps folder that was NODE_V8_COVERAGE of the lanes; its files are trimmed in place
 * @returns {string[]}
 */
export function coverageReport(root, dumps) {
  for (const name of fs.readdirSync(dumps)) {
    const file = path.join(dumps, name);
    const dump = JSON.parse(fs.readFileSync(file, "utf8"));
    fs.writeFileSync(file, JSON.stringify(trimmed(dump, pathToFileURL(path.join(root, "provider")).href)));
  }
  const c8 = path.join(root, "node_modules", "c8", "bin", "c8.js");
  return [c8, "report", "--check-coverage", "--temp-directory", dumps];
}

/**
 * The scripts of a folder without the code that esbuild adds to each module: it has no source, and most never runs.
 *
 * @param {Dump} dump
 * @param {string} folder as a file URL
 * @returns {Dump}
 */
export function trimmed(dump, folder) {
  const maps = dump["source-map-cache"] ?? {};
  const result = dump.result
    .filter(({ url }) => url.startsWith(`${folder}/`))
    .map((script) => {
      const map = maps[script.url];
      if (!map?.data) return script;
      const isMapped = hasSource(map.lineLengths, new SourceMap(map.data));
      const functions = script.functions.map((one) => ({ ...one, ranges: one.ranges.filter(isMapped) }));
      return { ...script, functions: functions.filter(({ ranges }) => ranges.length > 0) };
    });
  return { ...dump, result };
}

/**
 * Returns a predicate that is true for ranges that overlap code with a source.
 *
 * @param {readonly number[]} lineLengths of the code that ran
 * @param {SourceMap} map
 * @returns {(range: Range) => boolean}
 */
function hasSource(lineLengths, map) {
  const lineStarts = [0];
  for (const length of lineLengths) lineStarts.push((lineStarts.at(-1) ?? 0) + length + 1);
  const entryAt = (/** @type {number} */ offset) => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return map.findEntry(line, offset - (lineStarts[line] ?? 0));
  };
  const last = map.findEntry(lineLengths.length, 0);
  if (!("originalLine" in last)) return () => true;
  const end = (lineStarts[last.generatedLine] ?? 0) + last.generatedColumn;
  return ({ startOffset, endOffset }) => {
    const at = entryAt(endOffset);
    // esbuild maps its getters for a module's exports to the start of the module.
    return startOffset <= end && "originalLine" in at && (at.originalLine > 0 || at.originalColumn > 0);
  };
}
