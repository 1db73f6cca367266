/**
 * Runs debugfs, which reads and changes an ext4 file system without mounting it, so without root.
 *
 * Its exit code says nothing about its commands. It reports a failure on stderr, and ends with the first line that it cannot parse.
 */
import { exec } from "../../../base/exec";
import { UnikernelError } from "../../../base/errors";
import { e2fsTool } from "../diskTools";

/** The first line that debugfs prints, such as `debugfs 1.47.0 (5-Feb-2023)`. */
const BANNER = /^debugfs \d/;

/** A word of a command. Source: libss, parse.c: quotes are doubled inside quotes, and nothing else is special. */
export const quoteWord = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** True for a name or path that a line of commands can hold. */
export const isOneLine = (text: string): boolean => !/[\0\n\r]/.test(text);

/** What debugfs printed for a series of commands. */
export interface DebugfsResult {
  /** Its output; each command is repeated in a line that begins with `debugfs: `. */
  readonly output: string;
  /** Lines that report failures. */
  readonly failures: readonly string[];
}

/**
 * Runs commands on a disk, one per line.
 *
 * Throws `OPERATION_FAILED` if debugfs is missing or cannot open the disk; also when the signal aborts.
 *
 * @param access `write` also changes the disk
 */
export async function runDebugfs(
  disk: string,
  commands: readonly string[],
  access: "read" | "write",
  signal: AbortSignal,
): Promise<DebugfsResult> {
  const args = [...(access === "write" ? ["-w"] : []), "-f", "-", disk];
  const { code, stdout, stderr } = await exec(e2fsTool("debugfs"), args, { input: `${commands.join("\n")}\n`, signal });
  const failures = stderr.split("\n").filter((line) => line.trim() !== "" && !BANNER.test(line));
  if (code === 0) return { output: stdout, failures };
  const detail = failures[0] === undefined ? "" : ` (${failures[0].trim()})`;
  throw new UnikernelError("OPERATION_FAILED", `The volume's file system cannot be opened: debugfs failed${detail}.`);
}
