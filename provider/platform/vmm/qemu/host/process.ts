/** QEMU processes: started so that they outlive us, and recognised again by process id and start time. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { systemClock } from "../../../../base/clock";
import { detachedProcessEnvironment } from "../../../../base/config/environment";
import { exec } from "../../../../base/exec";

/** Pause between two looks for a process that was killed. */
const EXIT_POLL_MS = 10;

/** How a process ended. Both are null when it could not be started. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process we started. */
export interface StartedProcess {
  /** `undefined` when it could not be started. */
  readonly pid: number | undefined;
  readonly exited: Promise<ProcessExit>;
}

/** Starts QEMU in a session of its own; what it prints goes to `output`. */
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

/** Runs QEMU to completion within a time limit (SIGKILL at its end) and returns how it ended. */
export function runQemu(file: string, args: readonly string[], timeoutMs: number): Promise<ProcessExit> {
  return new Promise((resolve) => {
    const child = childProcess.spawn(file, args, { stdio: "ignore", timeout: timeoutMs, killSignal: "SIGKILL" });
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
}

/**
 * When a process started, as a text that two processes of the same id never share; `undefined` when no such process
 * runs. Linux: boot id and clock ticks since boot (proc(5), `/proc/<pid>/stat` field 22); elsewhere `ps -o lstart`.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await fsp.readFile(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${await bootId()}/${fields[19]}`;
  } catch {
    if (process.platform === "linux") return undefined;
  }
  const result = await exec("ps", ["-o", "lstart=", "-p", String(pid)]);
  return result.code === 0 && result.stdout.trim() !== "" ? result.stdout.trim() : undefined;
}

/** Differs after every start of the machine; empty where the system does not tell. */
export const bootId = async (): Promise<string> =>
  (await fsp.readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "")).trim();

/** A process of ours: its id alone may since belong to another program. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** True while exactly this process runs. */
export const isRunning = async (identity: ProcessIdentity): Promise<boolean> =>
  (await processStartTime(identity.pid)) === identity.startTime;

/** SIGKILL, if exactly this process still runs. */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  if (!(await isRunning(identity))) return;
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch {
    // it ended in between
  }
}

/** {@link killProcess}, and resolves when it is gone; one that hangs in the kernel is given up after `limitMs`. */
export async function killAndWait(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  await killProcess(identity);
  const deadline = performance.now() + timeoutMs;
  while ((await isRunning(identity)) && performance.now() < deadline) await systemClock.sleep(EXIT_POLL_MS);
}
