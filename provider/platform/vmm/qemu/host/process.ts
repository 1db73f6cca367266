/** QEMU processes, which outlive the daemon and are recognised by process id and start time. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { systemClock } from "../../../../base/clock";
import { detachedProcessEnvironment } from "../../../../base/config/environment";
import { exec } from "../../../../base/exec";

/** Interval of checks whether a killed process has ended. */
const EXIT_POLL_MS = 10;

/** How a process ended. Both are null when it could not be started. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
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
      child.once("error", () => resolve({ code: null, signal: null }));
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

/**
 * When a process started, as text that no two processes with the same id share; `undefined` when no such process runs.
 * Source: on Linux the boot id and field 22 of `/proc/<pid>/stat`, clock ticks since boot (proc(5)); elsewhere
 * `ps -o lstart`.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await fsp.readFile(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the process name may contain anything
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${await bootId()}/${fields[19]}`;
  } catch {
    if (process.platform === "linux") return undefined;
  }
  const result = await exec("ps", ["-o", "lstart=", "-p", String(pid)]);
  return result.code === 0 && result.stdout.trim() !== "" ? result.stdout.trim() : undefined;
}

/** Changes with every boot of the machine; empty where the system has none. Source: Linux, random(4). */
export const bootId = async (): Promise<string> =>
  (await fsp.readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "")).trim();

/** Identifies a process. The id alone is not enough: it may be reused by another program. */
export interface ProcessIdentity {
  readonly pid: number;
  /** From {@link processStartTime}. */
  readonly startTime: string;
}

/** True while this process runs. */
export const isRunning = async (identity: ProcessIdentity): Promise<boolean> =>
  (await processStartTime(identity.pid)) === identity.startTime;

/** Sends SIGKILL if this process still runs. */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, "SIGKILL");
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
