/**
 * Coverage of `provider/` by the lanes that are measured: V8 counts (`NODE_V8_COVERAGE`), c8 maps the counts to the
 * sources and fails below the figures in `.c8rc.json`.
 *
 * Only the lane's own process counts (`.mocharc.cjs`). Its children run compiled code, whose branches do not line up with
 * those of the sources, and a child that a test kills writes nothing. Modules that hold types alone are excluded there: they
 * are never loaded, and would count as code that no test reaches.
 */
import * as fs from "node:fs";
import { SourceMap } from "node:module";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

/** What `npm run check` and `npm test` have in common, so that both measure the same. @type {readonly string[]} */
export const COVERED_LANES = ["unit", "contract"];

/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */
/** @typedef {{ url: string, functions: { functionName: string, ranges: Range[], isBlockCoverage: boolean }[] }} Script */
/** @typedef {{ lineLengths: number[], data: import("node:module").SourceMapPayload | null }} CachedMap */
/** @typedef {{ result: Script[], "source-map-cache"?: Record<string, CachedMap> }} Dump what V8 counted, as Node writes it */

/**
 * Arguments for Node that print the summary, write a page per source to `.cache/coverage/`, and end with 1 below the
 * figures in `.c8rc.json`.
 *
 * @param {string} root the checkout
 * @param {string} dumps folder that was NODE_V8_COVERAGE of the lanes; what is in it is trimmed
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
 * The scripts of a folder, without the code that esbuild puts around each: its branches are nobody's, and most never run.
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
      const isOurs = hasSource(map.lineLengths, new SourceMap(map.data));
      const functions = script.functions.map((one) => ({ ...one, ranges: one.ranges.filter(isOurs) }));
      return { ...script, functions: functions.filter(({ ranges }) => ranges.length > 0) };
    });
  return { ...dump, result };
}

/**
 * Tells ranges that touch code with a source from those that end before it or begin after it.
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
    // esbuild says that its getters of a module's exports come from the module's very beginning.
    return startOffset <= end && "originalLine" in at && (at.originalLine > 0 || at.originalColumn > 0);
  };
}
