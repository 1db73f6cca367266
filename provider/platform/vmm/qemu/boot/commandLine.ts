/**
 * Builds the kernel command line of a VM. Unikraft and the stand-in Linux guest share one grammar (the Linux guest parses
 * it in `provider/image/runtime/init.ts`) but have their own limits and quoting.
 */
import { guestViolations } from "../../../../image/kernel/guestRules";
import {
  type UnikraftGuest,
  isBareWord,
  lengthViolations,
  listParameter,
  unikraftCommandLine,
} from "../../../../image/kernel/unikraftWords";
import type { UnikraftParameters } from "../../../../image/kernel/unikraftParameters";
import { assertNoViolation } from "../../../../image/kernel/violation";
import type { VmSpec } from "../../vmm";
import { linuxNetworkParameters, unikraftNetworkParameters } from "./networkParameters";

/** I/O port of the ACPI timer of QEMU's q35 machine. Source: SeaBIOS, src/fw/dev-q35.h and pciinit.c (`acpi_pm_base`, plus 8). */
const PM_TIMER_PORT = 0x608;

/** Serial number of the disk at this index of {@link VmSpec.disks}; virtio-blk allows 20 bytes. */
export const diskSerial = (index: number): string => `disk${index}`;

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

/**
 * The command line of a VM. Throws `INPUT_INVALID` with the name of what does not fit, never its value, and `NOT_SUPPORTED` for ROMs of a
 * Unikraft guest.
 */
export function buildCommandLine(spec: VmSpec, { emulated, parameters }: CommandLineTarget): CommandLine {
  const { args, env, disks, roms, network } = spec;
  const routedInterfaces = network.interfaces.flatMap(({ routes }, index) => (routes.length > 0 ? [index] : []));
  const mounts = disks.map(({ at }) => at);
  assertNoViolation(guestViolations({ args, env, mounts, hasRoms: roms.length > 0, routedInterfaces }, parameters));
  return parameters === undefined ? linuxLine(spec, emulated) : unikraftLine(spec, parameters);
}

function unikraftLine(spec: VmSpec, parameters: UnikraftParameters): CommandLine {
  const { args, env, disks, initrd } = spec;
  const network = unikraftNetworkParameters(spec);
  const guest: UnikraftGuest = {
    args,
    env,
    network,
    mounts: disks.map(({ at }) => at),
    hasInitrd: initrd !== undefined,
  };
  assertNoViolation(lengthViolations(guest, parameters));
  return { append: unikraftCommandLine(guest, parameters), file: undefined };
}

const diskEntries = (spec: VmSpec): string[] =>
  spec.disks.map((disk, index) => `${diskSerial(index)}:${disk.at}:ext4:${disk.readonly ? "ro" : ""}::mkmp`);

const variableEntries = (spec: VmSpec): string[] => Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);

/** Quotes a word; `\xHH` stands for characters that would end or break it. */
export const quoteForLinux = (text: string): string =>
  `"${text.replace(/["\\\p{Cc}]/gu, (c) => [...Buffer.from(c)].map((b) => `\\x${b.toString(16).padStart(2, "0")}`).join(""))}"`;

function linuxLine(spec: VmSpec, emulated: boolean): CommandLine {
  // A panic ends the VM. A tmpfs root, the default, is limited to half of the memory. The crypto self-tests take a fifth
  // of the boot time. Booting without ACPI is faster still, but finds only one processor, and not the clock by which the kernel
  // measures the speed of the processor's own: without either it counts interrupts, and loses time whenever the host is busy.
  const fast = ["console=ttyS0", "quiet", "panic=-1", "rootfstype=ramfs", "cryptomgr.notests=1"];
  if (disablesAcpi(spec, emulated)) fast.push("acpi=off", `pmtmr=0x${PM_TIMER_PORT.toString(16)}`);
  const args = spec.args.map((value) => (isBareWord(value) ? value : quoteForLinux(value)));
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
