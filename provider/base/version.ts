/** The version of this package, and what others must at least have. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { UnikernelError } from "./errors";

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

/** The oldest Node with what this package uses of it: `node:sqlite` without a flag. As in `engines` of package.json. */
export const MIN_NODE = [22, 13] as const;

/** True if a version such as `22.13.0` is this one or newer. */
export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

/** Throws `NOT_SUPPORTED` if this package does not run on a Node of this version. */
export function assertNodeIsNewEnough(version: string): void {
  if (isAtLeast(version, MIN_NODE)) return;
  throw new UnikernelError("NOT_SUPPORTED", `pulumi-unikernel does not run on Node ${version}.`, {
    hint: `Install Node ${MIN_NODE.join(".")} or newer, and see that 'node --version' says so here.`,
  });
}
