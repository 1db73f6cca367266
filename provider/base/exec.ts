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

/** What a tool that is run for its output may print; a broken one would otherwise fill the memory. */
const MAX_OUTPUT_LENGTH = 64 * 2 ** 20;

/** Code of the error when a tool prints more, as `child_process.execFile` has it. */
export const OUTPUT_TOO_LONG = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";

/**
 * Runs a tool, never through a shell, and returns its result. `input` is what it reads; without it, nothing. Rejects if it cannot start,
 * if it prints more than 64 MiB ({@link OUTPUT_TOO_LONG}), and with the signal's reason when that aborts; the tool and its children are
 * then killed.
 */
export function exec(
  file: string,
  args: readonly string[],
  { input, cwd, signal }: { readonly cwd?: string; readonly signal?: AbortSignal; readonly input?: string } = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    // A group of its own, which can be killed as a whole.
    const child = childProcess.spawn(file, args, { cwd, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    const end = (settle: () => void): void => {
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const kill = (reason: Error): void => {
      killGroup(child.pid, "SIGKILL");
      for (const stream of [child.stdout, child.stderr]) stream.destroy(); // a process that left the group may hold them
      end(() => reject(reason));
    };
    const abort = (): void => kill(signal?.reason as Error);
    signal?.addEventListener("abort", abort, { once: true });
    child.stdin.on("error", () => undefined); // a tool that exits without reading closes the pipe
    child.stdin.end(input);
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (output.stdout.length + output.stderr.length + text.length <= MAX_OUTPUT_LENGTH) output[name] += text;
        else kill(Object.assign(new Error(`'${file}' printed more than 64 MiB.`), { code: OUTPUT_TOO_LONG }));
      });
    child.on("error", (error) => end(() => reject(error)));
    child.on("close", (code) => end(() => resolve({ code, ...output })));
  });
}

/** How {@link runTool} runs a tool. */
export interface RunToolOptions {
  readonly cwd?: string;
  /** The whole environment; `undefined`: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Receives each line of stdout and stderr, without its end. A line of more than 16 KiB arrives in pieces. */
  readonly onLine: (line: string) => void;
}

/** How long a tool may take to end after SIGTERM, in milliseconds. */
const TOOL_GRACE_MS = 5_000;
const MAX_LINE_LENGTH = 16_384;

/**
 * Runs a tool and its children in a process group of their own, never through a shell, and returns its exit code; null if a
 * signal ended it. When the signal aborts, the group gets SIGTERM and five seconds later SIGKILL; it then rejects with the
 * signal's reason, after the tool has ended. Rejects if the tool cannot start.
 */
export function runTool(file: string, args: readonly string[], options: RunToolOptions): Promise<number | null> {
  const { signal, onLine, cwd, env } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const child = childProcess.spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const ends = [child.stdout, child.stderr].map((stream) => splitLines(stream, onLine));
    let timer: NodeJS.Timeout | undefined;
    const abort = (): void => {
      killGroup(child.pid, "SIGTERM");
      timer = setTimeout(() => {
        killGroup(child.pid, "SIGKILL");
        child.stdout.destroy(); // a process that left the group may hold the pipes
        child.stderr.destroy();
      }, TOOL_GRACE_MS);
    };
    signal?.addEventListener("abort", abort, { once: true });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      act();
    };
    child.on("error", (error) => settle(() => reject(error)));
    child.on("close", (code) =>
      settle(() => {
        for (const end of ends) end();
        if (signal?.aborted !== true) return resolve(code);
        killGroup(child.pid, "SIGKILL"); // children that ignored SIGTERM
        reject(signal.reason as Error);
      }),
    );
  });
}

/** Passes on the lines of a stream; the returned function passes on an unfinished last line. */
function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => void {
  let partial = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (partial + text).split(/\r?\n/);
    partial = lines.pop() ?? "";
    lines.forEach(onLine);
    for (; partial.length > MAX_LINE_LENGTH; partial = partial.slice(MAX_LINE_LENGTH))
      onLine(partial.slice(0, MAX_LINE_LENGTH));
  });
  return () => {
    if (partial !== "") onLine(partial);
    partial = "";
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group has just ended
  }
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
