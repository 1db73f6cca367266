/** Runs the tools that create, check and copy disks: e2fsprogs and cp. */
import * as fs from "node:fs";
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { exec, findTool } from "../../base/exec";

/** Exit codes of e2fsck that mean a sound file system: 0 clean, 1 repaired. Source: e2fsck(8). */
const E2FSCK_OK_CODES: readonly (number | null)[] = [0, 1];

/** Path of a tool of e2fsprogs. Throws `OPERATION_FAILED` when it is not installed. */
export const e2fsTool = (name: string): string => requireTool(name, "e2fsprogs");

function requireTool(name: string, debianPackage: string): string {
  const found = findTool(name);
  if (found !== undefined) return found;
  throw new UnikernelError("OPERATION_FAILED", `Volumes need the tool '${name}', which is not installed.`, {
    hint: `Install the package ${debianPackage}.`,
  });
}

/**
 * Runs a tool to its end; the signal kills it. Throws `OPERATION_FAILED` with the last line of its output when its exit
 * code is not one of `okCodes`.
 *
 * @param attempted what the tool is for, as the start of a sentence: `Growing the volume's file system`
 */
export async function runTool(
  file: string,
  args: readonly string[],
  attempted: string,
  { okCodes = [0], signal }: { readonly okCodes?: readonly (number | null)[]; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { code, stderr } = await exec(file, args, signal === undefined ? {} : { signal });
  if (okCodes.includes(code)) return;
  const ending = code === null ? "was killed by a signal" : `exited with code ${code}`;
  const lastLine = stderr.trim().split("\n").at(-1) ?? "";
  const detail = lastLine === "" ? "" : ` (${lastLine})`;
  throw new UnikernelError("OPERATION_FAILED", `${attempted} failed: ${path.basename(file)} ${ending}${detail}.`);
}

/**
 * Checks a file system that is not mounted and makes every repair that needs no decision. Throws `OPERATION_FAILED` for
 * damage beyond that.
 */
export const checkFileSystem = (file: string): Promise<void> =>
  runTool(e2fsTool("e2fsck"), ["-f", "-p", file], "Checking the volume's file system", { okCodes: E2FSCK_OK_CODES });

/**
 * Copies a file and leaves its holes unallocated; shares blocks where the host's file system can (reflink).
 * Throws `OPERATION_FAILED`; also when the signal aborts.
 */
export const copySparse = (source: string, target: string, signal: AbortSignal): Promise<void> => {
  const args = ["--sparse=always", "--reflink=auto", source, target];
  return runTool(requireTool("cp", "coreutils"), args, "Copying a volume's disk", { signal });
};

/** Copies a folder with all its attributes; does nothing if it does not exist. Throws `OPERATION_FAILED`; also when the signal aborts. */
export async function copyFolder(source: string, target: string, signal: AbortSignal): Promise<void> {
  if (!fs.existsSync(source)) return;
  const args = ["--archive", "--sparse=always", "--reflink=auto", "--no-target-directory", source, target];
  await runTool(requireTool("cp", "coreutils"), args, "Copying a volume's folder", { signal });
}
