/** Opens one published port on the loopback interface. */
import * as net from "node:net";
import { PUBLISH_HOST } from "../../contract/models/service";
import { ApiItemError } from "../errors";

/**
 * Listens on a port. Connections are passed on paused, so nothing is read before an instance is found.
 *
 * Throws `ApiItemError` `NoFree` when another program uses the port or the user lacks the permission to open it.
 */
export function openListener(port: number, onConnection: (client: net.Socket) => void): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
    server.once("error", (error: NodeJS.ErrnoException) => reject(toListenError(port, error)));
    server.listen({ port, host: PUBLISH_HOST }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined); // a failed accept (out of file descriptors) affects that connection only
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
      `Port ${port} on ${PUBLISH_HOST} needs a privilege that this user lacks; use a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start`,
    );
  }
  return error;
}
