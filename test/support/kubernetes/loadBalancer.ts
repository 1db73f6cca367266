/** A load balancer in front of a Service of a test cluster, on a port of this machine's loopback. */
import * as net from "node:net";
import type { Endpoint } from "./kubelet/serviceProxies";

/** A running load balancer. */
export interface LoadBalancer {
  /** Closes the port and all connections. */
  stop(): void;
}

/**
 * Passes the connections to a port on to ready endpoints in turn, and closes those for which there is none.
 *
 * @param port on 127.0.0.1
 * @param endpoints of the Service, asked at each connection
 */
export async function startLoadBalancer(
  port: number,
  endpoints: () => Promise<readonly Endpoint[]>,
): Promise<LoadBalancer> {
  const sockets = new Set<net.Socket>();
  let turn = 0;
  const forward = async (client: net.Socket): Promise<void> => {
    client.on("error", () => client.destroy());
    const ready = await endpoints().catch(() => []);
    const endpoint = ready[turn++ % Math.max(1, ready.length)];
    if (endpoint === undefined) return void client.destroy();
    const server = net.connect({ host: endpoint.host, port: endpoint.port });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    server.on("error", () => client.destroy());
    client.pipe(server).pipe(client);
  };
  const server = net.createServer((client) => void forward(client));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
