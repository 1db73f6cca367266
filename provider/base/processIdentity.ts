/** Processes, recognised by process id and start time. */
import * as fsp from "node:fs/promises";
import { exec } from "./exec";

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
