/**
 * Builds the kernel command line of a VM. Unikraft and the stand-in Linux guest share one grammar (the Linux guest parses
 * it in `provider/image/runtime/init.ts`) but have their own limits and quoting.
 */
import { UnikernelError } from "../../../../base/errors";
import type { VmSpec } from "../../vmm";
import type { KernelKind } from "./kernelKind";

/**
 * Limits of a Unikraft kernel: bytes of the command line, program arguments, environment variables
 * (`CONFIG_LIBPOSIX_ENVIRON_ENVP` entries).
 */
const UNIKRAFT_LIMITS = { bytes: 4096, args: 60, variables: 8 } as const;
/**
 * Linux panics when it passes more than 32 words to init and hangs above 2048 bytes (COMMAND_LINE_SIZE). These limits are
 * lower; a longer command line goes into a file.
 */
const LINUX_LIMITS = { bytes: 2000, words: 28 } as const;
/** Longest single argument or variable of a Linux program, without its NUL. Source: Linux, MAX_ARG_STRLEN. */
const LINUX_VALUE_BYTES = 131_071;

/** Serial number of the disk at this index of {@link VmSpec.disks}; virtio-blk allows 20 bytes. */
export const diskSerial = (index: number): string => `disk${index}`;

/** A kernel command line. */
export interface CommandLine {
  /** For `-append`. */
  readonly append: string;
  /**
   * Content of `/unikernel/cmdline`, in an archive appended to the initrd. Used when the command line is too long or has
   * environment variables, which may be secret: every user of the host can read the arguments of a process.
   */
  readonly file: string | undefined;
}

/**
 * The command line of a VM. Throws `INPUT_INVALID` with the name of what does not fit, never its value.
 *
 * @param emulated true without a hardware accelerator: the kernel then skips what it can at boot
 */
export function buildCommandLine(spec: VmSpec, kind: KernelKind, emulated: boolean): CommandLine {
  assertValidSpec(spec);
  return kind === "multiboot" ? unikraftLine(spec) : linuxLine(spec, emulated);
}

function assertValidSpec(spec: VmSpec): void {
  if (spec.args.length === 0) {
    throw invalidInput("The instance has no program to run.", "args", "Set args, or use an image that has a command.");
  }
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

/** The parameters that both kinds of guest share, quoted by `quote`. */
function guestParameters(spec: VmSpec, rootfs: readonly string[], quote: (text: string) => string): string[] {
  const disks = spec.disks.map((disk, index) => {
    return quote(`${diskSerial(index)}:${disk.at}:ext4:${disk.readonly ? "ro" : ""}::mkmp`);
  });
  const fstab = [...rootfs.map(quote), ...disks];
  const variables = Object.entries(spec.env).map(([name, value]) => quote(`${name}=${value}`));
  const { ip, subnet, gateway, nameserver } = spec.network;
  return [
    `netdev.ip=${ip}/${subnet.split("/")[1]}:${gateway}:${nameserver}::${spec.hostname}:`,
    ...(fstab.length > 0 ? [`vfs.fstab=[ ${fstab.join(" ")} ]`] : []),
    ...(variables.length > 0 ? [`env.vars=[ ${variables.join(" ")} ]`] : []),
  ];
}

/** True for text that needs no quotes. */
const isBare = (text: string): boolean => /^[^\s"'\\\p{Cc}]+$/u.test(text);

function unikraftLine(spec: VmSpec): CommandLine {
  for (const [property, value] of namedValues(spec)) {
    if (/\p{Cc}/u.test(value)) {
      const hint = "A Unikraft kernel reads it from its command line; put it into a file of the image instead.";
      throw invalidInput(`${property} contains a line break or another control character.`, property, hint);
    }
  }
  const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const rootfs = spec.initrd === undefined ? [] : ["initrd0:/:extract::ramfs=1:"];
  const args = spec.args.map((value) => (isBare(value) ? value : quote(value)));
  const append = [...guestParameters(spec, rootfs, quote), "--", ...args].join(" ");
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
  const program = spec.args[0] ?? "";
  if (program === "" || program.includes("=")) {
    throw invalidInput("The path of the program is empty or contains '='.", "args[0]", "Use a path without '='.");
  }
  // A panic ends the VM. A tmpfs root, the default, is limited to half of the memory. The crypto self-tests take a fifth
  // of the boot time. Booting without ACPI is faster still, but finds only one processor.
  const fast = ["console=ttyS0", "quiet", "panic=-1", "rootfstype=ramfs", "cryptomgr.notests=1"];
  if (disablesAcpi(spec, emulated)) fast.push("acpi=off");
  const args = spec.args.map((value) => (isBare(value) ? value : quoteForLinux(value)));
  const guest = [...guestParameters(spec, [], quoteForLinux), "--", ...args].join(" ");
  const append = [...fast, guest].join(" ");
  const words = append.replace(/"[^"]*"/g, '"').split(" ").length;
  const fits = Buffer.byteLength(append) <= LINUX_LIMITS.bytes && words <= LINUX_LIMITS.words;
  if (fits && Object.keys(spec.env).length === 0) return { append, file: undefined };
  return { append: fast.join(" "), file: guest };
}

/** True when the Linux guest boots without ACPI; its network card then has no message-signalled interrupts. */
export const disablesAcpi = (spec: VmSpec, emulated: boolean): boolean => emulated && spec.vcpus === 1;
