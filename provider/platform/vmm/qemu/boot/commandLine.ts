/**
 * Builds the kernel command line of a VM. Unikraft and the stand-in Linux guest share one grammar (the Linux guest parses
 * it in `provider/image/runtime/init.ts`) but have their own limits and quoting.
 */
import { UnikernelError } from "../../../../base/errors";
import type { VmSpec } from "../../vmm";
import { linuxNetworkParameters, unikraftNetworkParameters } from "./networkParameters";
import { assertTaken, type UnikraftParameters } from "./unikraftParameters";

/**
 * Limits of a Unikraft kernel: bytes of the command line, program arguments, environment variables
 * (`CONFIG_LIBPOSIX_ENVIRON_ENVP` entries).
 */
const UNIKRAFT_LIMITS = { bytes: 4096, args: 60, variables: 8 } as const;
/** Longest single argument or variable of a Linux program, without its NUL. Source: Linux, MAX_ARG_STRLEN. */
const LINUX_VALUE_BYTES = 131_071;

/** I/O port of the ACPI timer of QEMU's q35 machine. Source: SeaBIOS, src/fw/dev-q35.h and pciinit.c (`acpi_pm_base`, plus 8). */
const PM_TIMER_PORT = 0x608;

/** Serial number of the disk at this index of {@link VmSpec.disks}; virtio-blk allows 20 bytes. */
export const diskSerial = (index: number): string => `disk${index}`;

/** Mount tag of the folder of the disk at this index of {@link VmSpec.disks}. */
export const shareTag = (index: number): string => `fs${index}`;

/** A kernel command line. */
export interface CommandLine {
  /** For `-append`. */
  readonly append: string;
  /**
   * Content of `/unikernel/cmdline`, in an archive appended to the initrd: what a Linux guest reads there need not be in `append`. Arguments
   * and variables may be secret, and every user of the host can read the arguments of a process. `undefined` for a Unikraft kernel.
   */
  readonly file: string | undefined;
}

/** What the command line depends on, besides the VM. */
export interface CommandLineTarget {
  /** True without a hardware accelerator: a Linux kernel then skips what it can at boot. */
  readonly emulated: boolean;
  /** What a Unikraft kernel takes; `undefined` for a Linux kernel. */
  readonly parameters: UnikraftParameters | undefined;
}

/** The command line of a VM. Throws `INPUT_INVALID` with the name of what does not fit, never its value. */
export function buildCommandLine(spec: VmSpec, { emulated, parameters }: CommandLineTarget): CommandLine {
  assertValidSpec(spec);
  return parameters === undefined ? linuxLine(spec, emulated) : unikraftLine(spec, parameters);
}

function assertValidSpec(spec: VmSpec): void {
  for (const [property, value] of namedValues(spec)) {
    if (value.includes("\0")) throw invalidInput(`${property} contains a NUL character.`, property, "Remove it.");
  }
  for (const disk of spec.disks) {
    if (!/^\/[^:"\\\s\p{Cc}]*$/u.test(disk.at)) {
      const hint = "Use an absolute path without whitespace, colons, double quotes and backslashes.";
      throw invalidInput(`A volume cannot be mounted at '${disk.at}'.`, "volumes", hint);
    }
  }
}

const invalidInput = (message: string, property: string, hint: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", message, { property, hint });

function namedValues(spec: VmSpec): [property: string, value: string][] {
  return [
    ...spec.args.map((value, index): [string, string] => [`args[${index}]`, value]),
    ...Object.entries(spec.env).map(([name, value]): [string, string] => [`env.${name}`, `${name}=${value}`]),
  ];
}

/** A parameter with a list of quoted values; none for an empty list. */
const listParameter = (name: string, values: readonly string[]): string[] =>
  values.length > 0 ? [`${name}=[ ${values.join(" ")} ]`] : [];

const diskEntries = (spec: VmSpec): string[] =>
  spec.disks.map((disk, index) => `${diskSerial(index)}:${disk.at}:ext4:${disk.readonly ? "ro" : ""}::mkmp`);

/** QEMU refuses writes to a read-only share, so that the entry has no flags. */
const shareEntries = (spec: VmSpec): string[] =>
  spec.disks.map((disk, index) => `${shareTag(index)}:${disk.at}:9pfs:::mkmp`);

const variableEntries = (spec: VmSpec): string[] => Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);

/** True for text that needs no quotes. */
const isBare = (text: string): boolean => /^[^\s"'\\\p{Cc}]+$/u.test(text);

/** A Unikraft kernel has no other way in, so that variables are visible in the host's list of processes. */
function unikraftLine(spec: VmSpec, parameters: UnikraftParameters): CommandLine {
  assertTaken(spec, parameters);
  for (const [property, value] of namedValues(spec)) {
    if (value === "") throw invalidInput(`${property} is empty.`, property, "A Unikraft kernel drops it; remove it.");
    if (/\p{Cc}/u.test(value)) {
      const hint = "A Unikraft kernel reads it from its command line; put it into a file of the image instead.";
      throw invalidInput(`${property} contains a line break or another control character.`, property, hint);
    }
  }
  const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const rootfs = spec.initrd === undefined || !parameters.vfs ? [] : ["initrd0:/:extract::ramfs=1:"];
  const options = [
    ...(parameters.netdev ? unikraftNetworkParameters(spec) : []),
    ...listParameter("vfs.fstab", [...rootfs, ...shareEntries(spec)].map(quote)),
    // One parameter per variable: in a list, a value that ends with ']' would be the last.
    ...variableEntries(spec).map((entry) => quote(`env.vars=${entry}`)),
  ];
  const args = spec.args.map((value) => (isBare(value) ? value : quote(value)));
  // A kernel without parameters passes "--" to its program.
  const append = [...options, ...(options.length > 0 ? ["--"] : []), ...args].join(" ");
  assertUnikraftLimit("args", "arguments", spec.args.length, UNIKRAFT_LIMITS.args);
  assertUnikraftLimit("env", "variables", Object.keys(spec.env).length, UNIKRAFT_LIMITS.variables);
  assertUnikraftLimit("args", "bytes in arguments and variables", Buffer.byteLength(append), UNIKRAFT_LIMITS.bytes);
  return { append, file: undefined };
}

function assertUnikraftLimit(property: string, unit: string, value: number, most: number): void {
  if (value <= most) return;
  const message = `The command line of the instance has ${value} ${unit}; a Unikraft kernel accepts at most ${most}.`;
  throw invalidInput(message, property, "Shorten it, or put it into a file of the image instead.");
}

/** Quotes a word; `\xHH` stands for characters that would end or break it. */
const quoteForLinux = (text: string): string =>
  `"${text.replace(/["\\\p{Cc}]/gu, (c) => [...Buffer.from(c)].map((b) => `\\x${b.toString(16).padStart(2, "0")}`).join(""))}"`;

function linuxLine(spec: VmSpec, emulated: boolean): CommandLine {
  for (const [property, value] of namedValues(spec)) {
    if (Buffer.byteLength(value) > LINUX_VALUE_BYTES) {
      throw invalidInput(
        `${property} is longer than ${LINUX_VALUE_BYTES} bytes.`,
        property,
        "Put it into a file of the image instead.",
      );
    }
  }
  const [program] = spec.args;
  if (program === undefined)
    throw invalidInput("The instance has no program to run.", "args", "Set args, or use an image that has a command.");
  if (program === "" || program.includes("=")) {
    throw invalidInput("The path of the program is empty or contains '='.", "args[0]", "Use a path without '='.");
  }
  // A panic ends the VM. A tmpfs root, the default, is limited to half of the memory. The crypto self-tests take a fifth
  // of the boot time. Booting without ACPI is faster still, but finds only one processor, and not the clock by which the kernel
  // measures the speed of the processor's own: without either it counts interrupts, and loses time whenever the host is busy.
  const fast = ["console=ttyS0", "quiet", "panic=-1", "rootfstype=ramfs", "cryptomgr.notests=1"];
  if (disablesAcpi(spec, emulated)) fast.push("acpi=off", `pmtmr=0x${PM_TIMER_PORT.toString(16)}`);
  const args = spec.args.map((value) => (isBare(value) ? value : quoteForLinux(value)));
  const guest = [
    ...linuxNetworkParameters(spec),
    ...listParameter("vfs.fstab", diskEntries(spec).map(quoteForLinux)),
    ...listParameter("env.vars", variableEntries(spec).map(quoteForLinux)),
    ...["--", ...args],
  ].join(" ");
  return { append: fast.join(" "), file: guest };
}

/** True when the Linux guest boots without ACPI; its network card then has no message-signalled interrupts. */
export const disablesAcpi = (spec: VmSpec, emulated: boolean): boolean => emulated && spec.vcpus === 1;
