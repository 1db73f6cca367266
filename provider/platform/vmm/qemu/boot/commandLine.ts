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

/**
 * The command line of a VM. Throws `INPUT_INVALID` with the name of what does not fit, never its value, and `NOT_SUPPORTED` for ROMs of a
 * Unikraft guest.
 */
export function buildCommandLine(spec: VmSpec, parameters: UnikraftParameters | undefined): CommandLine {
  const { args, env, disks, roms, network } = spec;
  const routedInterfaces = network.interfaces.flatMap(({ routes }, index) => (routes.length > 0 ? [index] : []));
  const mounts = disks.map(({ at }) => at);
  assertNoViolation(guestViolations({ args, env, mounts, hasRoms: roms.length > 0, routedInterfaces }, parameters));
  return parameters === undefined ? linuxLine(spec) : unikraftLine(spec, parameters);
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

function linuxLine(spec: VmSpec): CommandLine {
  // A panic ends the VM. A tmpfs root, the default, is limited to half of the memory. The crypto self-tests take a fifth of the boot time.
  // Booting without ACPI would be faster, but leaves the kernel only a timer that must be set again every 55 ms, for which an emulated
  // guest needs a hundredth of a processor even when it is idle.
  const fast = ["console=ttyS0", "quiet", "panic=-1", "rootfstype=ramfs", "cryptomgr.notests=1"];
  const args = spec.args.map((value) => (isBareWord(value) ? value : quoteForLinux(value)));
  const guest = [
    ...linuxNetworkParameters(spec),
    ...listParameter("vfs.fstab", diskEntries(spec).map(quoteForLinux)),
    ...listParameter("env.vars", variableEntries(spec).map(quoteForLinux)),
    ...["--", ...args],
  ].join(" ");
  return { append: fast.join(" "), file: guest };
}
