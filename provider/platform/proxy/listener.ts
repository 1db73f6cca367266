/** One published port on this machine's loopback. */
import * as net from "node:net";
import { ApiItemError } from "../errors";

/** Published ports are reachable from this machine only. */
export const PUBLISH_HOST = "127.0.0.1";

/**
 * Listens, and hands over each connection paused: nothing is read before an instance is found.
 *
 * Throws a refusal `NoFree` when another program has the port or this user may not have it.
 */
export function openListener(port: number, onConnection: (client: net.Socket) => void): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
    server.once("error", (error: NodeJS.ErrnoException) => reject(toListenError(port, error)));
    server.listen({ port, host: PUBLISH_HOST }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined); // a failed accept (no file descriptors left) concerns that connection only
      resolve(server);
    });
  });
}

function toListenError(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === "EADDRINUSE") {
    return new ApiItemError("NoFree", `Port ${port} on ${PUBLISH_HOST} is already in use by another program`);
  }
  if (error.code === "EACCES" || error.code === "EPERM") {
    return new ApiItemError(
      "NoFree",
      `Port ${port} on ${PUBLISH_HOST} may not be opened by this user; publish a port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start`,
    );
  }
  return error;
}
