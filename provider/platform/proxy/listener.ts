/** Opens one published port on the loopback interface, for IPv4 and IPv6. */
import * as net from "node:net";
import { PUBLISH_HOST } from "../../contract/models/service";
import { systemErrorCode } from "../../base/errors";
import { ApiItemError } from "../errors";

/** Browsers resolve `<label>.localhost` to both addresses. Source: RFC 6761, section 6.3. */
const PUBLISH_HOST_IPV6 = "::1";

/**
 * Listens on a port. Connections are passed on paused, so that their first bytes can be looked at. A machine without IPv6 listens on
 * IPv4 only.
 *
 * Throws `ApiItemError` `NoFree` when another program uses the port or the user lacks the permission to open it.
 */
export async function openListeners(
  port: number,
  onConnection: (client: net.Socket) => void,
): Promise<readonly net.Server[]> {
  const first = await listenOn(PUBLISH_HOST, port, onConnection);
  try {
    return [first, await listenOn(PUBLISH_HOST_IPV6, port, onConnection)];
  } catch (error) {
    if (!(error instanceof ApiItemError)) return [first]; // no IPv6, or no loopback address of it
    first.close();
    throw error;
  }
}

function listenOn(host: string, port: number, onConnection: (client: net.Socket) => void): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
    server.once("error", (error) => reject(toListenError(host, port, error)));
    server.listen({ port, host }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined); // a failed accept (out of file descriptors) affects that connection only
      resolve(server);
    });
  });
}

function toListenError(host: string, port: number, error: Error): Error {
  const code = systemErrorCode(error);
  if (code === "EADDRINUSE")
    return new ApiItemError("NoFree", `Port ${port} on ${host} is already in use by another program`);
  if (code === "EACCES" || code === "EPERM") {
    return new ApiItemError(
      "NoFree",
      `Port ${port} on ${host} needs a privilege that this user lacks; use a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start`,
    );
  }
  return error;
}
