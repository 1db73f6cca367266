/** Opens one published port on the loopback interface, for IPv4 and IPv6. */
import * as net from "node:net";
import { PUBLISH_HOST, standInPort } from "../../contract/models/service";
import { hasErrorCode } from "../../base/errors";
import { ApiItemError } from "../errors";

/** Browsers resolve `<label>.localhost` to both addresses. Source: RFC 6761, section 6.3. */
const PUBLISH_HOST_IPV6 = "::1";

/** A port that is open. */
export interface OpenListeners {
  /** The port of this machine: the requested one, or the one that stands in for it. */
  readonly hostPort: number;
  readonly servers: readonly net.Server[];
}

/** Starts to listen; rejects with the system's error. */
type Listen = (host: string, port: number, onConnection: (client: net.Socket) => void) => Promise<net.Server>;

/**
 * Listens on a port, or on {@link standInPort} where this user may not listen on it. Connections are passed on paused, so that their
 * first bytes can be looked at. A machine without IPv6 listens on IPv4 only.
 *
 * Throws `ApiItemError` `NoFree` when another program uses the port or its stand-in, or when the user lacks the permission and there is no
 * stand-in.
 *
 * @param listen for tests
 */
export async function openListeners(
  port: number,
  onConnection: (client: net.Socket) => void,
  listen: Listen = listenOn,
): Promise<OpenListeners> {
  try {
    return { hostPort: port, servers: await listenOnLoopback(port, onConnection, listen) };
  } catch (error) {
    const standIn = standInPort(port);
    if (standIn === undefined || !isDenied(error)) throw toListenError(port, error);
    return { hostPort: standIn, servers: await listenOnStandIn(port, standIn, onConnection, listen) };
  }
}

async function listenOnStandIn(
  port: number,
  standIn: number,
  onConnection: (client: net.Socket) => void,
  listen: Listen,
): Promise<readonly net.Server[]> {
  try {
    return await listenOnLoopback(standIn, onConnection, listen);
  } catch (error) {
    if (!isTaken(error)) throw toListenError(standIn, error);
    throw new ApiItemError(
      "NoFree",
      `Port ${port} needs a privilege that this user lacks, and port ${standIn}, which stands in for it, is already in use; free port ${standIn}, publish another port, or lower net.ipv4.ip_unprivileged_port_start`,
    );
  }
}

async function listenOnLoopback(
  port: number,
  onConnection: (client: net.Socket) => void,
  listen: Listen,
): Promise<readonly net.Server[]> {
  const first = await listen(PUBLISH_HOST, port, onConnection);
  try {
    return [first, await listen(PUBLISH_HOST_IPV6, port, onConnection)];
  } catch (error) {
    if (!isTaken(error) && !isDenied(error)) return [first]; // no IPv6, or no loopback address of it
    first.close();
    throw error;
  }
}

const listenOn: Listen = (host, port, onConnection) =>
  new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined); // a failed accept (out of file descriptors) affects that connection only
      resolve(server);
    });
  });

const isTaken = (error: unknown): boolean => hasErrorCode(error, "EADDRINUSE");
const isDenied = (error: unknown): boolean => hasErrorCode(error, "EACCES", "EPERM");

function toListenError(port: number, error: unknown): unknown {
  const { address } = error as { readonly address?: string };
  const at = address === undefined ? `Port ${port}` : `Port ${port} on ${address}`;
  if (isTaken(error)) return new ApiItemError("NoFree", `${at} is already in use by another program`);
  if (!isDenied(error)) return error;
  return new ApiItemError(
    "NoFree",
    `Port ${port} needs a privilege that this user lacks; use a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start`,
  );
}
