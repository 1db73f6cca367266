/** Processes by their working directory. Linux only. */
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Process ids of those that run in a folder and whose words are wanted. */
export async function findProcessesIn(
  folder: string,
  isWanted: (words: readonly string[]) => boolean,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if ((await fs.readlink(`/proc/${entry}/cwd`).catch(() => "")) !== folder) continue;
    const command = await fs.readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (isWanted(command.split("\0"))) found.push(Number(entry));
  }
  return found;
}

/** True for the engine. */
export const isEngine = ([program = ""]: readonly string[]): boolean => path.basename(program) === "pulumi";

/** True for the process that the engine starts for a dynamic provider. */
export const isProvider = (words: readonly string[]): boolean =>
  path.basename(words[0] ?? "") === "node" && words.some((word) => /cmd\/dynamic-provider/.test(word));

/** True if a process has an established TCP connection. */
export async function hasConnection(pid: number): Promise<boolean> {
  const read = (file: string) => fs.readFile(file, "utf8").catch(() => "");
  const tables = await Promise.all([read(`/proc/${pid}/net/tcp`), read(`/proc/${pid}/net/tcp6`)]);
  const established = tables
    .flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)))
    .filter(([, , , state]) => state === "01")
    .map((fields) => `socket:[${fields[9]}]`);
  const files = await fs.readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => fs.readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return links.some((link) => established.includes(link));
}
