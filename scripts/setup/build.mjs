/** Compiles the library to dist/ when a source is newer than the last successful build. */
import * as fs from "node:fs";
import * as path from "node:path";
import { removeStaleOutputs } from "./staleOutputs.mjs";
import { SetupError, step } from "./terminal.mjs";
import { lastLines, runTool } from "./tool.mjs";

/** @param {string} root */
export async function buildLibrary(root) {
  const dist = path.join(root, "dist");
  const stamp = path.join(dist, ".built");
  const builtAt = fs.existsSync(stamp) ? fs.statSync(stamp).mtimeMs : 0;
  const sources = ["sdk", "provider", "tsconfig.json", "package.json", "node_modules/.package-lock.json"];
  const newest = Math.max(...sources.map((source) => newestChange(path.join(root, source))));
  if (newest < builtAt) return;

  removeStaleOutputs(root);
  const startedAt = new Date();
  await step("library (tsc)", async () => {
    const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
    const incremental = ["--incremental", "--tsBuildInfoFile", path.join(dist, ".tsbuildinfo")];
    const result = await runTool(process.execPath, [tsc, "-p", "tsconfig.json", ...incremental], { cwd: root });
    if (result.code !== 0) {
      throw new SetupError("The library does not compile.", "Fix the errors above.", lastLines(result.output, 60));
    }
  });
  fs.writeFileSync(stamp, "");
  fs.utimesSync(stamp, startedAt, startedAt); // a source saved while tsc ran is newer than this build
}

/** Latest change of a file, or of a folder and its content; a folder's own time reflects removed files. @param {string} entry @returns {number} */
function newestChange(entry) {
  const stat = fs.statSync(entry, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(entry).map((name) => newestChange(path.join(entry, name))));
}
