/** TCP ports that nothing uses. */
import * as net from "node:net";

/**
 * Ports that no system gives to clients: Linux gives those from 32,768 on. One of those could be taken by an outgoing connection of another
 * test before its test listens on it. Source: `net.ipv4.ip_local_port_range` in `Documentation/networking/ip-sysctl.rst` of Linux.
 */
const [FIRST, LAST] = [10_000, 32_767];

/** Another test of this process may not have listened yet on the port that it was given. */
const given = new Set<number>();

/** A free TCP port, given once in this process. */
export const freePort = (): Promise<number> => freePortRange(1);

/** The first of so many free TCP ports in a row, each given once in this process. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count + 2));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

/** True if nothing listens on the port, at any address. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
