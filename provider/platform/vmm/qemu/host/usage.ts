/** Memory and CPU time of a QEMU process. */
import * as fs from "node:fs/promises";
import { exec } from "../../../../base/exec";
import type { VmUsage } from "../../vmm";

/** Clock ticks per second in proc(5). Source: Linux, `USER_HZ`, which is part of its ABI. */
const TICKS_PER_SECOND = 100;
const NO_USAGE: VmUsage = { rssBytes: 0, cpuTimeMs: 0 };

/** What a process uses now; zero when it is gone. Source: on Linux proc(5), elsewhere ps(1). */
export async function readProcessUsage(pid: number): Promise<VmUsage> {
  if (process.platform !== "linux") return await usageByPs(pid);
  const read = (name: string): Promise<string> => fs.readFile(`/proc/${pid}/${name}`, "latin1").catch(() => "");
  const [stat, status] = await Promise.all([read("stat"), read("status")]);
  return parseProcUsage(stat, status);
}

/** Usage according to `/proc/<pid>/stat` (fields 14 and 15: user and system time) and `/proc/<pid>/status`. Pure. */
export function parseProcUsage(stat: string, status: string): VmUsage {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the process name may contain anything; this starts at field 3
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  const rssKib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0); // a zombie has no memory
  return { rssBytes: rssKib * 1024, cpuTimeMs: (ticks * 1000) / TICKS_PER_SECOND };
}

async function usageByPs(pid: number): Promise<VmUsage> {
  const { code, stdout } = await exec("ps", ["-o", "rss=,time=", "-p", String(pid)]);
  const [rssKib = "0", time = "0"] = stdout.trim().split(/\s+/);
  if (code !== 0) return NO_USAGE;
  const seconds = time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0); // [hours:]minutes:seconds.hundredths
  return { rssBytes: Number(rssKib) * 1024, cpuTimeMs: Math.round(seconds * 1000) };
}
