/**
 * What the console of a Unikraft kernel tells about its end. Pure. The lines are those of Unikraft 0.16 and 0.17: lib/ukdebug,
 * plat/kvm/x86/traps.c, lib/ukrandom, lib/ukboot, lib/vfscore, and app-elfloader.
 *
 * A notice never quotes the console, which may show secrets: it reaches errors and Pulumi's state.
 */

/** A crash of the kernel. */
export interface UnikraftCrash {
  /** The line that the kernel printed. */
  readonly detail: string;
  /** What happened and what to do, in words that follow a colon. */
  readonly notice: string;
}

const CRASHES: readonly (readonly [line: RegExp, notice: (match: RegExpExecArray) => string])[] = [
  // Newer kernels warn of it and go on, so that it is no crash by itself.
  [
    /\[libukrandom\w*\].*Could not initialize the HWRNG/,
    () =>
      "the kernel needs the processor's random numbers (RDRAND, RDSEED), which QEMU emulates from version 8 on: use QEMU 8, or hardware virtualisation",
  ],
  [
    /Failed to extract cpio archive|mr_prio == 0 \|\| ml_prio == 0/,
    () => "the kernel could not unpack its root file system, mostly for lack of memory: raise memoryMb",
  ],
  [
    /Init function at \S+ returned error (-?\d+)/,
    ([, code]) =>
      `the kernel could not initialise (error ${code}), for example because it has no driver of a file system that it should mount`,
  ],
  [/Unhandled Trap (\d+)/, ([, number]) => `the kernel crashed with trap ${describeTrap(Number(number))}`],
  [/page fault at (?:linear address )?(?:0x)?[0-9a-f]+/i, () => "the kernel crashed with a page fault"],
  [/Assertion failure/, () => "an assertion of the kernel failed"],
  [/invalid opcode/, () => "the kernel crashed with trap 6 (invalid opcode)"],
  [/\bCRIT:.*\bCrashing/, () => "the kernel crashed"],
];

/** Names of the traps of a processor. Source: Intel 64 and IA-32 manual, volume 3, table 6-1. */
const TRAPS: Readonly<Record<number, string>> = {
  0: "divide error",
  3: "breakpoint",
  6: "invalid opcode",
  7: "device not available",
  8: "double fault",
  12: "stack segment",
  13: "general protection",
  14: "page fault",
  16: "coprocessor",
  17: "alignment check",
  18: "machine check",
  19: "SIMD coprocessor",
};

function describeTrap(number: number): string {
  const name = TRAPS[number];
  return name === undefined ? String(number) : `${number} (${name})`;
}

/** The crash that a console shows, the most telling line first; `undefined` if it shows none. Only for a VM that did crash. */
export function findCrash(console: string): UnikraftCrash | undefined {
  for (const [line, notice] of CRASHES) {
    const found = new RegExp(`[^\\r\\n]*(?:${line.source})[^\\r\\n]*`, line.flags).exec(console)?.[0];
    const match = found === undefined ? null : line.exec(found);
    if (found !== undefined && match !== null) return { detail: found.trim(), notice: notice(match) };
  }
  return undefined;
}

/** The reasons of a failed execution that a notice names, as the kernel's libc words them. */
const EXECUTION_ERRORS = [
  "No such file or directory",
  "Permission denied",
  "Exec format error",
  "Out of memory",
  "Is a directory",
] as const;

/**
 * The failure of app-elfloader to execute its program; `undefined` if the console shows none. The kernel goes on afterwards and sleeps.
 */
export function findFailedExecution(console: string): UnikraftCrash | undefined {
  const match = /^(?:.*\bERR:.*\s)?Failed to execute \S+: ([^\r\n]*?)\.?\r?$/m.exec(console);
  if (match === null) return undefined;
  const reason = EXECUTION_ERRORS.find((one) => match[1]?.startsWith(one) === true);
  const why = reason === undefined ? "" : `: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;
  return { detail: match[0].trim(), notice: `the kernel could not execute the program${why}` };
}
