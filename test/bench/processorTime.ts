/** Processor time of other processes. On a busy machine it says more than the rate of requests, which others lower. Linux only. */
import * as fs from "node:fs";

/** The unit of the times in /proc: 1/100 s on every architecture. Source: proc_pid_stat(5), `USER_HZ`. */
const TICK_MS = 10;

/** Processor time of a process since its start, in user and system mode. Milliseconds. */
export const processorMs = (pid: number): number => parseStat(fs.readFileSync(`/proc/${pid}/stat`, "latin1"));

/** Reads `utime` and `stime`, the 14th and 15th field; the 2nd is a name in parentheses, which may hold blanks. Pure. */
export function parseStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
