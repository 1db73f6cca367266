/**
 * The lines by which a clone of the stand-in guest becomes a guest of its own. The protocol is described in
 * `provider/image/runtime/initScript.ts`. Pure.
 */
import { UnikernelError } from "../../../../base/errors";
import { formatIpv4, type Ipv4 } from "../../../../base/ipv4";
import type { VmSpec } from "../../vmm";
import { guestRoutes } from "../boot/networkParameters";

/** Bytes of a seed: as many as the kernel's generator of random numbers has for its key. Source: Linux, drivers/char/random.c. */
export const SEED_BYTES = 32;
/** Longest line that a guest's port takes, with its end. Source: Linux, N_TTY_BUF_SIZE. */
const MAX_LINE_BYTES = 4096;

const netmask = (prefixLength: number): Ipv4 => 2 ** 32 - 2 ** (32 - prefixLength);

/** What a guest says about its identity. */
export type IdentityLine =
  /** It can take another one. */
  | { readonly is: "offers" }
  /** It has taken the one with this number. */
  | { readonly is: "set"; readonly number: number };

/** What a line says about the guest's identity; `undefined` if it says nothing. */
export function parseIdentityLine(line: string): IdentityLine | undefined {
  const text = line.trim();
  if (text === "identity") return { is: "offers" };
  const set = /^identity-set (\d{1,9})$/.exec(text)?.[1];
  return set === undefined ? undefined : { is: "set", number: Number(set) };
}

/**
 * The command that gives a guest the network and host name of `spec`, and random numbers that depend on `seed`. Throws `VMM_FAILED` for
 * more routes than fit.
 *
 * @param seed {@link SEED_BYTES} random bytes
 */
export function encodeIdentityCommand(
  number: number,
  seed: Buffer,
  { network, hostname }: Pick<VmSpec, "network" | "hostname">,
): string {
  const words = [
    ...network.interfaces.map(({ mac, ip, prefixLength }) => `card=${mac},${ip},${formatIpv4(netmask(prefixLength))}`),
    ...guestRoutes(network).map(({ destination, gateway, card }) => `route=${destination},${gateway},${card}`),
  ];
  const line = `identity ${number} ${seed.toString("hex")} ${hostname} ${words.join(" ")} now\n`;
  if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return line;
  throw new UnikernelError("VMM_FAILED", "Its network has more routes than its agent takes at once.");
}
