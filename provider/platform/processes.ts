/**
 * Finds processes by their arguments: those that an earlier daemon started but could not record before it was killed.
 */
import * as fs from "node:fs/promises";
import { exec } from "../base/exec";

/**
 * Ids of this user's processes that have exactly this argument. Source: on Linux `/proc/<pid>/cmdline` (proc(5)); elsewhere
 * `ps`, which separates arguments by spaces. Throws when processes cannot be listed.
 */
export async function findProcessesByArgument(argument: string): Promise<number[]> {
  if (process.platform !== "linux") return await findProcessesWithPs(argument);
  const pids = (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const text = await fs.readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // the process has just ended
      if (!text.split("\0").includes(argument)) return [];
      const owner = await fs.stat(`/proc/${pid}`).catch(() => undefined);
      return owner?.uid === process.getuid?.() ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

async function findProcessesWithPs(argument: string): Promise<number[]> {
  const { stdout } = await exec("ps", ["-xww", "-o", "pid=,args="]);
  const lines = stdout.split("\n").filter((line) => `${line} `.includes(` ${argument} `));
  return lines.map((line) => Number.parseInt(line, 10));
}
