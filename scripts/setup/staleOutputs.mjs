/**
 * Removes compiled files from dist/ whose source no longer exists: an old `models.js` would shadow a new folder `models/`.
 * When run as a program, it cleans the repository it is in.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const OUTPUT = /\.(?:js|js\.map|d\.ts)$/;

/** @param {string} root folder with `dist/` and its sources */
export function removeStaleOutputs(root) {
  const dist = path.join(root, "dist");
  const stale = outputs(dist).filter((file) => {
    const source = path.join(root, path.relative(dist, file)).replace(OUTPUT, ".ts");
    return !fs.existsSync(source);
  });
  for (const file of stale) fs.rmSync(file, { force: true });
  // Invalidate tsc's record of its outputs: a restored source must be compiled again.
  if (stale.length > 0) fs.rmSync(path.join(dist, ".tsbuildinfo"), { force: true });
}

/** @param {string} folder @returns {string[]} */
function outputs(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => OUTPUT.test(name))
    .map((name) => path.join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  removeStaleOutputs(path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", ".."));
}
