/** A part of the loopback network for each cluster: several run at once, and their pods and Services must not meet. */
import * as crypto from "node:crypto";
import * as net from "node:net";

/** Addresses `10.<number>.0.0/17` for pods and `10.<number>.128.0/17` for Services. */
export interface ClusterNetwork {
  readonly number: number;
  /** Lets another cluster have it. */
  release(): void;
}

/** Where a cluster listens as long as it has its network. The kernel closes it with the process. */
const GUARD_PORT = 41_414;
const MAX_NUMBER = 254;

/** Takes a network that no other process of this machine has. */
export async function reserveNetwork(): Promise<ClusterNetwork> {
  for (;;) {
    const number = crypto.randomInt(1, MAX_NUMBER + 1);
    const server = net.createServer((socket) => socket.destroy());
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(GUARD_PORT, `127.${number}.255.254`, () => resolve(true));
    });
    if (isFree) return { number, release: () => void server.unref().close() };
  }
}
