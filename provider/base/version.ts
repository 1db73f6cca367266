/** The version of this package. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";

/** Searches the parent folders for package.json, since compiled files are one folder deeper than sources. */
function readVersion(folder: string): string {
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file))
    return z.looseObject({ version: z.string() }).parse(JSON.parse(fs.readFileSync(file, "utf8"))).version;
  const parent = path.dirname(folder);
  return parent === folder ? "0.0.0" : readVersion(parent);
}

/** Version in package.json, such as `0.1.0`. */
export const VERSION = readVersion(__dirname);
