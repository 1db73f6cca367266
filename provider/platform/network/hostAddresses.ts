/** Which addresses reach this host, or nobody. Guests must not connect to them. */
import * as os from "node:os";
import { type Ipv4, isInSubnet, parseIpv4, SPECIAL_SUBNETS } from "../../base/ipv4";

/**
 * True if a packet to this address would reach the host. Pure.
 *
 * @param interfaces addresses of the host's own interfaces
 */
export const isHostAddress = (address: Ipv4, interfaces: ReadonlySet<Ipv4>): boolean =>
  interfaces.has(address) || SPECIAL_SUBNETS.some((range) => isInSubnet(address, range));

/** How long the list is used, in milliseconds. A laptop changes its network now and then. */
const VALID_MS = 2000;

/** The host's IPv4 addresses, which change while the daemon runs. */
export class HostAddresses {
  #addresses: ReadonlySet<Ipv4> = new Set();
  #readAtMs = -Infinity;

  /** The addresses of all interfaces. */
  current(): ReadonlySet<Ipv4> {
    if (performance.now() - this.#readAtMs > VALID_MS) {
      this.#readAtMs = performance.now();
      const all = Object.values(os.networkInterfaces()).flatMap((entries = []) => entries);
      this.#addresses = new Set(all.filter(({ family }) => family === "IPv4").map(({ address }) => parseIpv4(address)));
    }
    return this.#addresses;
  }
}
