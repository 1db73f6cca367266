/** Tools that are built from their Go modules (pinned in `<name>/go.mod` beside this file) and cached. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { SetupError, step } from "./terminal.mjs";
import { atLeast, findTool, lastLines, runTool } from "./tool.mjs";

/** The cache folder of a tool: `<cache>/<name>`. @param {string} name */
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
 * Finds a Go that is new enough for a module. Go 1.21 or newer downloads the toolchain that `go.mod` requires, if allowed.
 *
 * @param {string} folder with the `go.mod`
 * @param {string} tool what to build, for the error
 * @param {string} alternative what to install instead of Go, for the hint
 * @returns {Promise<string>} path of `go`
 */
export async function findGo(folder, tool, alternative) {
  const required = /^go (\S+)/m.exec(fs.readFileSync(path.join(folder, "go.mod"), "utf8"))?.[1] ?? "1.26";
  const go = findTool("go", ["/usr/local/go/bin"]);
  const found = go === undefined ? undefined : await runTool(go, ["version"], { cwd: folder });
  const version = /go(\d+\.\d+(\.\d+)?)/.exec(found?.stdout ?? "")?.[1];
  if (go !== undefined && version !== undefined && atLeast(version, required)) return go;
  const problem = go === undefined ? "go is not on PATH" : `${go} is ${version ?? "of an unknown version"}`;
  throw new SetupError(
    `${tool} must be built here, which requires Go ${required} or newer, but ${problem}.`,
    `Install Go ${required} or newer (https://go.dev/dl/), or ${alternative}, put it on PATH and run this again.`,
    lastLines(found?.output ?? ""),
  );
}

/**
 * Builds the commands of a module into a folder, under a title. A file is renamed into place when it is complete, so that a
 * concurrent run never uses a partial one.
 *
 * @param {object} build
 * @param {string} build.go
 * @param {string} build.folder with the `go.mod`
 * @param {string} build.title such as `actionlint 1.7.12`
 * @param {readonly string[]} build.packages import paths; the last part is the name of the file
 * @param {string} build.home folder of the files
 * @param {string} build.alternative what to put on PATH instead, for the hint
 * @param {string} [build.ldflags]
 * @param {readonly string[]} [build.withoutDebugInfo] patterns of packages that compile without debug information, a fifth faster;
 *   the standard library is better left out, since other tools share its compiled form
 */
export async function buildGoCommands({
  go,
  folder,
  title,
  packages,
  home,
  alternative,
  ldflags = "",
  withoutDebugInfo = [],
}) {
  await step(`${title}, built once from its Go module`, async (note) => {
    await fs.promises.mkdir(home, { recursive: true });
    const draft = await fs.promises.mkdtemp(path.join(home, ".draft-"));
    try {
      let compiled = 0;
      const gcflags = withoutDebugInfo.map((pattern) => `-gcflags=${pattern}=-dwarf=false`);
      const flags = ["-v", "-trimpath", ...gcflags, "-ldflags", `-s -w ${ldflags}`.trim()];
      const args = ["build", ...flags, "-o", `${draft}/`, ...packages];
      const result = await runTool(go, args, {
        cwd: folder,
        env: { ...process.env, CGO_ENABLED: "0" },
        onLine: (line) => {
          if (!line.startsWith("go: ")) note(`${(compiled += 1)} packages compiled`);
        },
      });
      if (result.code !== 0) {
        throw new SetupError(
          `go build of ${title} failed.`,
          `Go needs access to its module proxy (GOPROXY). Alternatively, put ${alternative} on PATH.`,
          lastLines(result.output),
        );
      }
      for (const name of await fs.promises.readdir(draft))
        await fs.promises.rename(path.join(draft, name), path.join(home, name));
    } finally {
      await fs.promises.rm(draft, { recursive: true, force: true });
    }
  });
}
