/** The settings of the stack, and whether what they ask for fits this machine. Pure. */

/** How instances get to their first byte: they boot the image, or are clones of one guest that is ready. */
export type Start = "boot" | "clone";

/** What `pulumi config set` may set. */
export interface Settings {
  /** Number of instances, 1 to 140. Default 10. */
  readonly count: number;
  /** Default `boot`. */
  readonly start: Start;
  /** Memory of each guest in MiB. Default 128. */
  readonly memoryMb: number;
  /** Published port of the first instance; each further one has the next. Default 20000. */
  readonly firstPort: number;
  /** Port that the program in the image listens on. Default 8080. */
  readonly guestPort: number;
  /** Folder with the Kraftfile of a Unikraft kernel to compare with. `undefined`: none is supplied. */
  readonly unikraft: string | undefined;
}

const MAX_COUNT = 140;
const MIB = 2 ** 20;
/** What QEMU needs beside the memory of a guest, in MiB. Measured with QEMU 7.2: 177 for a guest of 128. */
const QEMU_MB = 50;
/** Share of its memory that a clone has of its own. Measured: 40 of 128 MiB after the start, and more while it works. */
const CLONE_SHARE = 0.5;

/**
 * Reads the settings.
 *
 * Throws an error whose message is one sentence for users, if a setting is invalid or this machine lacks the memory.
 *
 * @param get returns the configured text of a setting, or `undefined`
 * @param hostMemoryBytes all memory of this machine
 */
export function readSettings(get: (name: string) => string | undefined, hostMemoryBytes: number): Settings {
  const start = get("start") ?? "boot";
  if (start !== "boot" && start !== "clone") throw invalid("start", `must be 'boot' or 'clone', got '${start}'`);
  const settings: Settings = {
    count: integer(get, "count", { min: 1, max: MAX_COUNT, byDefault: 10 }),
    start,
    memoryMb: integer(get, "memoryMb", { min: 16, max: 8192, byDefault: 128 }),
    firstPort: integer(get, "firstPort", { min: 1024, max: 65535 - 2 * MAX_COUNT, byDefault: 20_000 }),
    guestPort: integer(get, "guestPort", { min: 1, max: 65535, byDefault: 8080 }),
    unikraft: get("unikraft"),
  };
  assertFits(settings, hostMemoryBytes);
  return settings;
}

/** Memory of this machine that all instances of the stack take, in MiB. */
export function neededMb({ count, start, memoryMb, unikraft }: Settings): number {
  const booted = memoryMb + QEMU_MB;
  const each = start === "clone" ? memoryMb * CLONE_SHARE : booted;
  return count * each + (unikraft === undefined ? 0 : count * booted);
}

function assertFits(settings: Settings, hostMemoryBytes: number): void {
  const needed = Math.ceil(neededMb(settings));
  const hostMb = Math.floor(hostMemoryBytes / MIB);
  if (needed <= hostMb) return;
  const fitting = Math.floor((settings.count * hostMb) / needed);
  const remedy = settings.start === "boot" ? " or set start to 'clone'" : " or lower memoryMb";
  throw invalid(
    "count",
    `${settings.count} instances need about ${needed} MiB of memory and this machine has ${hostMb}: set count to at most ${fitting}${remedy}`,
  );
}

function integer(
  get: (name: string) => string | undefined,
  name: string,
  { min, max, byDefault }: { readonly min: number; readonly max: number; readonly byDefault: number },
): number {
  const text = get(name);
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw invalid(name, `must be an integer from ${min} to ${max}, got '${text}'`);
}

const invalid = (setting: string, problem: string): Error =>
  new Error(`INPUT_INVALID: boot-benchmark:${setting}: ${problem}.`);
