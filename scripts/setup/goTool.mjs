/** Tools that are built from their Go modules (`<name>/go.mod` beside this file pins them) and where they are kept. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { SetupError } from "./terminal.mjs";
import { atLeast, findTool, lastLines, runTool } from "./tool.mjs";

/** The folder of a tool's builds: `<cache>/<name>`. @param {string} name */
export function toolCache(name) {
  const xdg = process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  return path.resolve(process.env["UNIKERNEL_CACHE_DIR"] || path.join(xdg, "unikernel"), name);
}

/**
 * The version of a module that a `go.mod` requires, without the `v`.
 *
 * @param {string} folder with the `go.mod`
 * @param {string} module such as `github.com/rhysd/actionlint`
 */
export function pinnedVersion(folder, module) {
  const file = path.join(folder, "go.mod");
  const line = fs
    .readFileSync(file, "utf8")
    .split("\n")
    .map((text) => text.trim().split(/\s+/))
    .find(([name, version]) => name === module && version?.startsWith("v"));
  if (line?.[1] === undefined) throw new SetupError(`${file} does not require ${module}.`, "Restore the file.");
  return line[1].slice(1);
}

/**
 * A Go that is new enough for a module. From Go 1.21 on, an older one fetches the toolchain that `go.mod` asks for, if it may.
 *
 * @param {string} folder with the `go.mod`
 * @param {string} what is to be built, for the error
 * @param {string} otherwise what spares the build, for the hint
 * @returns {Promise<string>} path of `go`
 */
export async function findGo(folder, what, otherwise) {
  const wanted = /^go (\S+)/m.exec(fs.readFileSync(path.join(folder, "go.mod"), "utf8"))?.[1] ?? "1.26";
  const go = findTool("go", ["/usr/local/go/bin"]);
  const found = go === undefined ? undefined : await runTool(go, ["version"], { cwd: folder });
  const version = /go(\d+\.\d+(\.\d+)?)/.exec(found?.stdout ?? "")?.[1];
  if (go !== undefined && version !== undefined && atLeast(version, wanted)) return go;
  const problem = go === undefined ? "there is no go on PATH" : `${go} is ${version ?? "not one"}`;
  throw new SetupError(
    `${what} has to be built here, which takes Go ${wanted} or newer, and ${problem}.`,
    `Install Go ${wanted} or newer (https://go.dev/dl/), or ${otherwise}, put it on PATH and run this again.`,
    lastLines(found?.output ?? ""),
  );
}
