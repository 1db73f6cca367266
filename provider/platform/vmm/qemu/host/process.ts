/** QEMU processes, which outlive the daemon. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { systemClock } from "../../../../base/clock";
import { detachedProcessEnvironment } from "../../../../base/config/environment";
import { type ProcessIdentity, isRunning } from "../../../../base/processIdentity";

/** Interval of checks whether a killed process has ended. */
const EXIT_POLL_MS = 10;

/** How a process ended. Code and signal are null when it could not be started; `error` says why. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

/** A process that this daemon started. */
export interface StartedProcess {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the process has ended. */
  readonly exited: Promise<ProcessExit>;
}

/** Starts QEMU in its own session, so that it outlives the daemon; its output goes to the file `output` (0600). */
export function spawnQemu(file: string, args: readonly string[], output: string): StartedProcess {
  const log = fs.openSync(output, "w", 0o600);
  try {
    const child = childProcess.spawn(file, args, {
      detached: true,
      env: detachedProcessEnvironment(),
      stdio: ["ignore", log, log],
    });
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", (error) => resolve({ code: null, signal: null, error }));
    });
    child.unref();
    return { pid: child.pid, exited };
  } finally {
    fs.closeSync(log);
  }
}

/** Runs QEMU to its end, kills it after `timeoutMs`, and returns how it ended. */
export function runQemu(file: string, args: readonly string[], timeoutMs: number): Promise<ProcessExit> {
  return new Promise((resolve) => {
    const child = childProcess.spawn(file, args, { stdio: "ignore", timeout: timeoutMs, killSignal: "SIGKILL" });
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
}

/** Sends SIGKILL if this process still runs. */
export const killProcess = (identity: ProcessIdentity): Promise<void> => sendSignal(identity, "SIGKILL");

/** Suspends this process if it still runs: it executes nothing, not even its own timers, and keeps its memory. */
export const suspendProcess = (identity: ProcessIdentity): Promise<void> => sendSignal(identity, "SIGSTOP");

/** Continues this process if {@link suspendProcess} has suspended it. */
export const continueProcess = (identity: ProcessIdentity): Promise<void> => sendSignal(identity, "SIGCONT");

/** True while this process is suspended. Source: the state `T` in field 3 of `/proc/<pid>/stat`; false on other systems than Linux. */
export async function isSuspended(pid: number): Promise<boolean> {
  const stat = await fsp.readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

async function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // the process has just ended
  }
}

/** Kills a process and resolves when it is gone, or after `timeoutMs` when it hangs in the kernel. */
export async function killAndWait(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  await killProcess(identity);
  const deadline = performance.now() + timeoutMs;
  while ((await isRunning(identity)) && performance.now() < deadline) await systemClock.sleep(EXIT_POLL_MS);
}
