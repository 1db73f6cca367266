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
