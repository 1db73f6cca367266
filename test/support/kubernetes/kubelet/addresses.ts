/**
 * Addresses of pods and Services. The API rejects loopback addresses of endpoints, so it is told 10.x.y.z, which does not exist
 * on this machine; everything here listens on and connects to 127.x.y.z.
 */

/** The loopback address at which a pod or Service really is. */
export function toLoopback(address: string): string {
  if (!address.startsWith("10.")) throw new Error(`${address} is not an address of the test cluster.`);
  return address.replace(/^10\./, "127.");
}

/** Addresses of one cluster's pods, each given once. */
export class PodAddresses {
  private next = 1;

  private readonly network: number;

  constructor(network: number) {
    this.network = network;
  }

  /** An unused address. */
  take(): string {
    const number = this.next++;
    return `10.${this.network}.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  }
}
