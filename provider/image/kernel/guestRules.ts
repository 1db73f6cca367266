/** What a kernel refuses of a guest: arguments, variables, volumes, ROMs and routes. The platform applies it at boot, and a preview before. Pure. */
import { type KernelKind, UNBOOTABLE_HINT } from "./kernelKind";
import type { UnikraftParameters } from "./unikraftParameters";
import type { GuestViolation } from "./violation";

/**
 * Limits of a Unikraft kernel: program arguments, environment variables (`CONFIG_LIBPOSIX_ENVIRON_ENVP` entries).
 */
const UNIKRAFT_LIMITS = { args: 60, variables: 8 } as const;
/** Longest single argument or variable of a Linux program, without its NUL. Source: Linux, MAX_ARG_STRLEN. */
export const LINUX_VALUE_BYTES = 131_071;

/** What a guest asks of its kernel. */
export interface GuestRequest {
  /** Complete argument list of its program, its path first; `undefined` while it is not known. */
  readonly args: readonly string[] | undefined;
  /** The variables, as far as they are known. */
  readonly env: Readonly<Record<string, string>>;
  /** Paths at which it mounts volumes. */
  readonly mounts: readonly string[];
  readonly hasRoms: boolean;
  /** Indexes of the network interfaces with routes to single networks. */
  readonly routedInterfaces: readonly number[];
}

/**
 * What the guest asks that its kernel refuses, in the order in which it would be noticed.
 *
 * @param parameters what a Unikraft kernel takes; `undefined` for a Linux kernel
 */
export function guestViolations(
  guest: GuestRequest,
  parameters: UnikraftParameters | undefined,
): readonly GuestViolation[] {
  const common = [...nulViolations(guest), ...mountViolations(guest)];
  return [...common, ...(parameters === undefined ? linuxViolations(guest) : unikraftViolations(guest, parameters))];
}

/**
 * True for a kernel that mounts a volume as a folder of the host, over 9p: Unikraft has no driver for ext4. Linux mounts the volume's ext4
 * disk.
 */
export const mountsFolders = (kind: KernelKind): boolean => kind === "multiboot";

/** A volume for several writers, in a guest of Linux: its kernel, Debian's for clouds, has no 9p with which it could mount the folder. */
export const sharedVolumeViolation = (at: string): GuestViolation => ({
  code: "NOT_SUPPORTED",
  property: "volumes",
  message: `The volume at '${at}' has the access mode "rwx": it is a folder of this machine, which the kernel of linux:latest cannot mount, since it has no 9p.`,
  hint: 'Give each instance its own volume, mount one with the access mode "rox" read-only, or use an image with a Unikraft kernel.',
});

/** What is wrong with a kernel that QEMU cannot boot here; none for one that it can. */
export function kindViolations(kind: KernelKind | undefined): readonly GuestViolation[] {
  if (kind === undefined)
    return [
      {
        property: "image",
        message: "The kernel of the image has no boot protocol that QEMU supports.",
        hint: UNBOOTABLE_HINT,
      },
    ];
  if (kind !== "arm64") return [];
  return [
    {
      property: "image",
      message: "The kernel of the image is built for arm64, not for x86_64.",
      hint: "Use an image built for x86_64.",
    },
  ];
}

function namedValues({ args = [], env }: GuestRequest): [property: string, value: string][] {
  return [
    ...args.map((value, index): [string, string] => [`args[${index}]`, value]),
    ...Object.entries(env).map(([name, value]): [string, string] => [`env.${name}`, `${name}=${value}`]),
  ];
}

const nulViolations = (guest: GuestRequest): GuestViolation[] =>
  namedValues(guest)
    .filter(([, value]) => value.includes("\0"))
    .map(([property]) => ({ property, message: `${property} contains a NUL character.`, hint: "Remove it." }));

const mountViolations = ({ mounts }: GuestRequest): GuestViolation[] =>
  mounts
    .filter((at) => !/^\/[^:"\\\s\p{Cc}]*$/u.test(at))
    .map((at) => ({
      property: "volumes",
      message: `A volume cannot be mounted at '${at}'.`,
      hint: "Use an absolute path without whitespace, colons, double quotes and backslashes.",
    }));

function unikraftViolations(guest: GuestRequest, parameters: UnikraftParameters): GuestViolation[] {
  return [
    ...untakenViolations(guest, parameters),
    ...romViolations(guest),
    ...guest.routedInterfaces.map((index) => ({
      property: `networkInterfaces[${index}].routes`,
      message: "A Unikraft kernel has no routes to single networks.",
      hint: "Leave routes out, so that its gateway is used for everything outside of its networks.",
    })),
    ...namedValues(guest).flatMap(([property, value]) => unikraftValueViolation(property, value)),
    ...countViolations("args", "arguments", guest.args?.length ?? 0, UNIKRAFT_LIMITS.args),
    ...countViolations("env", "variables", Object.keys(guest.env).length, UNIKRAFT_LIMITS.variables),
  ];
}

/** The kernel would ignore these silently, or give them to its program. */
function untakenViolations({ env, mounts }: GuestRequest, parameters: UnikraftParameters): GuestViolation[] {
  const names = Object.keys(env);
  const violations: GuestViolation[] = [];
  if (names.length > 0 && !parameters.env)
    violations.push({
      property: "env",
      message: `The kernel takes no environment variables, and the instance has ${names.join(", ")}.`,
      hint: "Remove them, also from the image, or build the kernel with uklibparam and posix-environ.",
    });
  if (mounts.length > 0 && !parameters.vfs)
    violations.push({
      property: "volumes",
      message: "The kernel mounts no volumes: it does not know the parameter vfs.fstab.",
      hint: "Remove the volumes, or build the kernel with uklibparam and a virtual file system.",
    });
  return violations;
}

const romViolations = ({ hasRoms }: GuestRequest): GuestViolation[] =>
  hasRoms
    ? [
        {
          code: "NOT_SUPPORTED",
          property: "roms",
          message: "The local platform does not support ROMs for Unikraft kernels.",
          hint: "Put the files into the image, or use the runtime linux:latest.",
        },
      ]
    : [];

function unikraftValueViolation(property: string, value: string): GuestViolation[] {
  if (value === "")
    return [{ property, message: `${property} is empty.`, hint: "A Unikraft kernel drops it; remove it." }];
  if (!/\p{Cc}/u.test(value)) return [];
  return [
    {
      property,
      message: `${property} contains a line break or another control character.`,
      hint: "A Unikraft kernel reads it from its command line; put it into a file of the image instead.",
    },
  ];
}

function countViolations(property: string, unit: string, count: number, most: number): GuestViolation[] {
  if (count <= most) return [];
  return [
    {
      property,
      message: `The command line of the instance has ${count} ${unit}; a Unikraft kernel accepts at most ${most}.`,
      hint: "Use fewer, or put them into a file of the image instead.",
    },
  ];
}

function linuxViolations(guest: GuestRequest): GuestViolation[] {
  const long = namedValues(guest).flatMap(([property, value]): GuestViolation[] => {
    const bytes = Buffer.byteLength(value);
    if (bytes <= LINUX_VALUE_BYTES) return [];
    return [
      {
        property,
        message: `${property} has ${bytes} bytes; Linux passes at most ${LINUX_VALUE_BYTES} to a program.`,
        hint: "Put it into a file of the image instead.",
      },
    ];
  });
  return [...long, ...programViolations(guest.args)];
}

function programViolations(args: GuestRequest["args"]): GuestViolation[] {
  if (args === undefined) return [];
  const [program] = args;
  if (program === undefined)
    return [
      {
        property: "args",
        message: "The instance has no program to run.",
        hint: "Set args, or use an image that has a command.",
      },
    ];
  if (program !== "" && !program.includes("=")) return [];
  return [
    {
      property: "args[0]",
      message: "The path of the program is empty or contains '='.",
      hint: "Use a path without '='.",
    },
  ];
}
