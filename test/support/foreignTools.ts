/** Third-party tools that check what we wrote. scripts/setup installs them. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";

/** Debian's package of a tool that does not have the package's name. */
const PACKAGES: Readonly<Record<string, string>> = {
  "mkfs.erofs": "erofs-utils",
  "fsck.erofs": "erofs-utils",
  "dump.erofs": "erofs-utils",
};

/** Runs a tool and returns its output; the test fails if it is missing or fails, and then names the package. */
export function runTool(
  tool: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): Buffer {
  const { error, status, stdout, stderr } = childProcess.spawnSync(tool, args, {
    ...options,
    maxBuffer: 2 ** 26,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (error !== undefined)
    assert.fail(`'${tool}' could not be run (${error.message}); install Debian's package '${PACKAGES[tool] ?? tool}'`);
  assert.equal(status, 0, `${tool} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A folder as listed by `find` and `sha256sum`: paths, types, modes, link targets and contents. */
export const describeFolder = (folder: string): string =>
  runTool("find", [".", "-mindepth", "1", "-printf", "%p\\0%y %m %l\\n"], { cwd: folder })
    .toString()
    .split("\n")
    .sort()
    .join("\n") + runTool("sh", ["-c", "find . -type f -exec sha256sum {} + | sort"], { cwd: folder }).toString();
