/** Runs tools to completion and starts long-lived programs of this package, except VMs. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { environmentVariable, detachedProcessEnvironment } from "./config/environment";
import { hasErrorCode } from "./errors";

/** Result of a tool. `code` is null if a signal ended it. */
export interface ExecResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a tool, never through a shell, and returns its result. `input` is what it reads; without it, nothing. Rejects only if it cannot
 * start or the signal aborts.
 */
export function exec(
  file: string,
  args: readonly string[],
  { input, ...options }: { readonly cwd?: string; readonly signal?: AbortSignal; readonly input?: string } = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = childProcess.spawn(file, args, {
      ...options,
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => undefined); // a tool that exits without reading closes the pipe
    child.stdin.end(input);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Starts a program that outlives this process and writes its output to a file. Returns its process id; `undefined` if it did not start. */
export function spawnDetached(
  file: string,
  args: readonly string[],
  options: { readonly output: string; readonly cwd: string },
): number | undefined {
  const output = fs.openSync(options.output, "a", 0o600);
  try {
    const child = childProcess.spawn(file, args, {
      cwd: options.cwd,
      env: detachedProcessEnvironment(),
      detached: true,
      stdio: ["ignore", output, output],
    });
    child.on("error", () => undefined); // the caller notices that the program does not respond
    child.unref();
    return child.pid;
  } finally {
    fs.closeSync(output);
  }
}

/** True if a process with this id exists, even one of another user. */
export function isProcessAlive(pid: number | undefined): boolean {
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrorCode(error, "ESRCH");
  }
}

/**
 * Absolute path of a tool on PATH, or in `/usr/sbin` or `/sbin`, which are not on the PATH of ordinary users. `undefined` if not
 * found.
 */
export function findTool(name: string): string | undefined {
  const folders = [...(environmentVariable("PATH") ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders.filter((f) => f !== "")) {
    const candidate = path.join(folder, name);
    try {
      fs.accessSync(candidate, fs.constants.X_OK);
      if (fs.statSync(candidate).isFile()) return candidate;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
