/** Finds and runs the tools that the set-up needs (npm, go, apt-get, tsc, pulumi). */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** @typedef {{ code: number | null, output: string, stdout: string, missing: boolean }} ToolResult */

/**
 * Runs a tool without input until it exits; collects its output and passes on each line as it arrives.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, onLine?: (line: string) => void }} [options]
 * @returns {Promise<ToolResult>} `missing` when the tool does not exist; `code` is null when a signal or the timeout ended it
 */
export function runTool(file, args, options = {}) {
  return new Promise((resolve) => {
    let output = "";
    let stdout = "";
    let partial = "";
    // In its own process group, so that the timeout also kills the tool's children.
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const take = (/** @type {string} */ text) => {
      output += text;
      const lines = (partial + text).split(/\r?\n/);
      partial = lines.pop() ?? "";
      for (const line of lines) options.onLine?.(line);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // it has just exited
      }
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs);
    // Ctrl-C in the terminal does not reach another process group.
    const interrupt = () => {
      end();
      process.exit(130);
    };
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    const settle = (/** @type {number | null} */ code, missing = false) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
      resolve({ code, output, stdout, missing });
    };
    child.on("error", (error) => {
      output += error.message;
      settle(null, true);
    });
    child.on("close", (code) => settle(code));
  });
}

/**
 * Runs a tool with inherited input and output.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @param {(child: import("node:child_process").ChildProcess) => void} [onStart]
 * @returns {Promise<number>} exit code, 1 when a signal ended it
 */
export function runInherited(file, args, options, onStart) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: "inherit" });
    const forward = () => child.kill("SIGINT");
    process.on("SIGINT", forward);
    onStart?.(child);
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => {
      process.off("SIGINT", forward);
      resolve(code ?? 1);
    });
  });
}

/** The end of a tool's output, for an error. @param {string} output */
export function lastLines(output, count = 30) {
  return output.trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Absolute path of a tool on PATH or in `/usr/sbin`, `/sbin` or the further folders; undefined when it is not found.
 *
 * @param {string} name
 * @param {readonly string[]} [further] folders to search last
 */
export function findTool(name, further = []) {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin", "/sbin", ...further];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * True when a version is at least `minimum`. Anything after the numbers (`-dev`, `+dirty`) is ignored.
 *
 * @param {string} version
 * @param {string} minimum
 */
export function atLeast(version, minimum) {
  const numbers = (/** @type {string} */ text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [a, b] = [numbers(version), numbers(minimum)];
  for (let i = 0; i < 3; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return a.length > 0;
}
