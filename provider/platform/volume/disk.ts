/** A volume's disk: a sparse file with an ext4 file system, made without mounting anything. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, fromSystemError } from "../../base/errors";
import { setTimeout as sleep } from "node:timers/promises";
import { exec, findTool } from "../../base/exec";
import { processesWith } from "../processes";

const MIB = 1024 * 1024;

/** Exit codes of e2fsck that mean a sound file system: 0 clean, 1 repaired. Source: e2fsck(8). */
const E2FSCK_SOUND: readonly (number | null)[] = [0, 1];

/** Pause between two looks for a tool. */
const TOOL_PAUSE_MS = 50;

/** Makes a disk of `sizeMb` MiB. Leaves nothing behind on failure. Throws `OPERATION_FAILED`, `NO_SPACE`. */
export async function makeDisk(file: string, sizeMb: number): Promise<void> {
  const mkfs = tool("mkfs.ext4");
  await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await refuseWithoutSpace(file, sizeMb);
  try {
    await resize(file, sizeMb, "wx");
    // The inode tables are written now, so that a guest does not write them in the background after its first mount.
    await run(
      mkfs,
      ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", file],
      `Making the file system of a volume of ${sizeMb} MiB`,
    );
  } catch (error) {
    await fs.rm(file, { force: true });
    throw fromSystemError(error, `making a volume of ${sizeMb} MiB`);
  }
}

/** Grows a disk that no VM uses. Safe to repeat after it was cut off. Throws `OPERATION_FAILED`, `NO_SPACE`. */
export async function growDisk(file: string, sizeMb: number): Promise<void> {
  const [e2fsck, resize2fs] = [tool("e2fsck"), tool("resize2fs")];
  await refuseWithoutSpace(file, sizeMb - Math.floor((await fs.stat(file)).size / MIB));
  try {
    await resize(file, sizeMb, "r+");
    await run(e2fsck, ["-f", "-p", file], "Checking the volume's file system", E2FSCK_SOUND);
    await run(resize2fs, [file], "Growing the volume's file system");
  } catch (error) {
    throw fromSystemError(error, `growing a volume to ${sizeMb} MiB`);
  }
}

/**
 * Resolves when no tool works on this disk. One that a killed daemon began goes on without it, and cutting it off would
 * damage the file system.
 */
export async function untilUntouched(file: string): Promise<void> {
  while ((await processesWith(file)).length > 0) await sleep(TOOL_PAUSE_MS, undefined, { ref: false });
}

async function resize(file: string, sizeMb: number, flags: "wx" | "r+"): Promise<void> {
  const handle = await fs.open(file, flags, 0o600);
  try {
    await handle.truncate(sizeMb * MIB);
  } finally {
    await handle.close();
  }
}

/** A sparse file always fits; what it promises to hold must fit too, or a guest would see I/O errors later. */
async function refuseWithoutSpace(file: string, neededMb: number): Promise<void> {
  const { bavail, bsize } = await fs.statfs(path.dirname(file));
  const freeMb = Math.floor((bavail * bsize) / MIB);
  if (neededMb <= freeMb) return;
  throw new UnikernelError(
    "NO_SPACE",
    `There is no space left for ${neededMb} MiB: '${path.dirname(file)}' has ${freeMb} MiB free.`,
    {
      hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
    },
  );
}

function tool(name: string): string {
  const found = findTool(name);
  if (found !== undefined) return found;
  throw new UnikernelError("OPERATION_FAILED", `The tool '${name}', which volumes need, is not on this machine.`, {
    hint: "Install the package e2fsprogs.",
  });
}

async function run(
  file: string,
  args: readonly string[],
  attempted: string,
  good: readonly (number | null)[] = [0],
): Promise<void> {
  const { code, stderr } = await exec(file, args);
  if (good.includes(code)) return;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new UnikernelError(
    "OPERATION_FAILED",
    `${attempted} failed: ${path.basename(file)} ended with ${code ?? "a signal"}${said === "" ? "" : ` (${said})`}.`,
  );
}
