/** Runs the tools that set-up needs (npm, go, apt-get, tsc, pulumi) and finds them. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** @typedef {{ code: number | null, output: string, stdout: string, missing: boolean }} ToolResult */

/**
 * Runs a tool to its end with nothing to read; its output is kept, and each line is handed on as it comes.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, onLine?: (line: string) => void }} [options]
 * @returns {Promise<ToolResult>} `missing` when there is no such tool; `code` null when a signal or the time limit ended it
 */
export function runTool(file, args, options = {}) {
  return new Promise((resolve) => {
    let output = "";
    let stdout = "";
    let partial = "";
    // A group of its own, so that the time limit ends what the tool started as well.
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
        // it ended by itself in this very moment
      }
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs);
    // It does not get the terminal's Ctrl-C, being in a group of its own.
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
 * Runs a tool whose output goes straight to ours.
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
    const pass = () => child.kill("SIGINT");
    process.on("SIGINT", pass);
    onStart?.(child);
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => {
      process.off("SIGINT", pass);
      resolve(code ?? 1);
    });
  });
}

/** The end of a tool's output, for an error. @param {string} output */
export function lastLines(output, count = 30) {
  return output.trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Absolute path of a tool, from PATH and the folders of administrators' tools; undefined when absent.
 *
 * @param {string} name
 * @param {readonly string[]} [further] more folders to look in, after PATH
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
 * Whether a version is at least another. Anything after the numbers (`-dev`, `+dirty`) is ignored.
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
