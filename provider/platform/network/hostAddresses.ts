/** The addresses of this host's own interfaces. */
import * as os from "node:os";
import { type Ipv4, parseIpv4 } from "../../base/ipv4";

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
