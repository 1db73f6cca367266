/** The words of a Unikraft kernel's command line, and how long they may be together. Pure. */
import type { UnikraftParameters } from "./unikraftParameters";
import type { GuestViolation } from "./violation";

/** Longest command line of a Unikraft kernel, in bytes. */
const MAX_BYTES = 4096;

/** What a guest gets through its command line. */
export interface UnikraftGuest {
  /** Complete argument list of its program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths at which it mounts its volumes, in the order of the devices. */
  readonly mounts: readonly string[];
  /** True: it unpacks a root file system. */
  readonly hasInitrd: boolean;
  /** Complete parameters of its network cards. */
  readonly network: readonly string[];
}

/** The words by what they are for. */
interface UnikraftWords {
  readonly network: readonly string[];
  readonly volumes: readonly string[];
  readonly env: readonly string[];
  readonly args: readonly string[];
}

/** Mount tag of the folder of the volume at this index. */
export const shareTag = (index: number): string => `fs${index}`;

/** True for text that needs no quotes. */
export const isBareWord = (text: string): boolean => /^[^\s"'\\\p{Cc}]+$/u.test(text);

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** A parameter with a list of quoted values; none for an empty list. */
export const listParameter = (name: string, values: readonly string[]): string[] =>
  values.length > 0 ? [`${name}=[ ${values.join(" ")} ]`] : [];

function wordsOf(guest: UnikraftGuest, parameters: UnikraftParameters): UnikraftWords {
  const rootfs = guest.hasInitrd && parameters.vfs ? ["initrd0:/:extract::ramfs=1:"] : [];
  // QEMU refuses writes to a read-only share, so that the entry has no flags.
  const shares = guest.mounts.map((at, index) => `${shareTag(index)}:${at}:9pfs:::mkmp`);
  const network = parameters.netdev ? guest.network : [];
  const volumes = listParameter("vfs.fstab", [...rootfs, ...shares].map(quote));
  // One parameter per variable: in a list, a value that ends with ']' would be the last.
  const env = Object.entries(guest.env).map(([name, value]) => quote(`env.vars=${name}=${value}`));
  const hasOptions = network.length + volumes.length + env.length > 0;
  // A kernel without parameters passes "--" to its program.
  const args = [...(hasOptions ? ["--"] : []), ...guest.args.map((one) => (isBareWord(one) ? one : quote(one)))];
  return { network, volumes, env, args };
}

const lineOf = (words: UnikraftWords): string => Object.values(words).flat().join(" ");

/** The command line. A Unikraft kernel has no other way in, so that variables are visible in the host's list of processes. */
export const unikraftCommandLine = (guest: UnikraftGuest, parameters: UnikraftParameters): string =>
  lineOf(wordsOf(guest, parameters));

/** What is wrong with a command line that is too long, with its parts; none if it fits. */
export function lengthViolations(guest: UnikraftGuest, parameters: UnikraftParameters): readonly GuestViolation[] {
  const words = wordsOf(guest, parameters);
  const bytes = Buffer.byteLength(lineOf(words));
  if (bytes <= MAX_BYTES) return [];
  const sizes = Object.entries(words)
    .map(([name, parts]: [string, readonly string[]]) => ({ name, bytes: Buffer.byteLength(parts.join(" ")) }))
    .filter((part) => part.bytes > 0);
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]?.name ?? "args";
  const arithmetic = sizes.map((part) => `${part.name} ${part.bytes}`).join(", ");
  return [
    {
      property: largest === "network" ? "networkInterfaces" : largest,
      message: `The command line of the instance has ${bytes} bytes (${arithmetic}); a Unikraft kernel accepts at most ${MAX_BYTES}.`,
      hint: "Shorten it, or put it into a file of the image instead.",
    },
  ];
}
