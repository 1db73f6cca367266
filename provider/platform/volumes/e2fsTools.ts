/** Other people's tools for disks, run to their end. */
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { exec, findTool } from "../../base/exec";

/** Exit codes of e2fsck that mean a sound file system: 0 clean, 1 repaired. Source: e2fsck(8). */
const E2FSCK_OK_CODES: readonly (number | null)[] = [0, 1];

/** Path of a tool of e2fsprogs. Throws `OPERATION_FAILED` when it is not on this machine. */
export const e2fsTool = (name: string): string => requireTool(name, "e2fsprogs");

function requireTool(name: string, distribution: string): string {
  const found = findTool(name);
  if (found !== undefined) return found;
  throw new UnikernelError("OPERATION_FAILED", `The tool '${name}', which volumes need, is not on this machine.`, {
    hint: `Install the package ${distribution}.`,
  });
}

/** Runs a tool. Throws `OPERATION_FAILED` with its last words when it ends with a code that is not in `good`; the signal cuts it off. */
export async function runTool(
  file: string,
  args: readonly string[],
  attempted: string,
  { good = [0], signal }: { readonly good?: readonly (number | null)[]; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { code, stderr } = await exec(file, args, signal === undefined ? {} : { signal });
  if (good.includes(code)) return;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new UnikernelError(
    "OPERATION_FAILED",
    `${attempted} failed: ${path.basename(file)} ended with ${code ?? "a signal"}${said === "" ? "" : ` (${said})`}.`,
  );
}

/** Checks a file system that nobody has mounted, and repairs what needs no decision. Throws `OPERATION_FAILED`. */
export const checkFileSystem = (file: string): Promise<void> =>
  runTool(e2fsTool("e2fsck"), ["-f", "-p", file], "Checking the volume's file system", { good: E2FSCK_OK_CODES });

/**
 * Copies a file without reading or writing its holes, by sharing its blocks where the machine's file system can.
 * Throws `OPERATION_FAILED`.
 */
export const copySparse = (source: string, target: string, signal: AbortSignal): Promise<void> =>
  runTool(
    requireTool("cp", "coreutils"),
    ["--sparse=always", "--reflink=auto", source, target],
    "Copying a volume's disk",
    {
      signal,
    },
  );
