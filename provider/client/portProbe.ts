/** Asks a published port of a service once, as a client would. */
import * as net from "node:net";
import * as tls from "node:tls";
import { probeHttp } from "./httpProbe";

/** Where a port is reached, and what it speaks. */
export interface PortAddress {
  /** Name or address to connect to. */
  readonly host: string;
  /** The service's domain name. */
  readonly serverName: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly isHttp: boolean;
}

/** How long a connection may take. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A load balancer that finds nobody behind it closes the connection within this time. */
const QUIET_MS = 300;
/** What a load balancer answers when nothing behind it does. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

/** A clause that says why the port does not answer; `undefined` if it does. Any HTTP answer of the program's own is one. */
export async function probePort(address: PortAddress, signal?: AbortSignal): Promise<string | undefined> {
  const { host, port, serverName, isHttp, isTls } = address;
  if (!isHttp) return probeConnection(address, signal);
  const answer = await probeHttp(`${isTls ? "https" : "http"}://${host}:${port}/`, signal, serverName);
  if (answer === undefined) return "does not answer";
  return GATEWAY_STATUSES.includes(answer.status) ? `answers with HTTP ${answer.status}` : undefined;
}

/** A connection that stays open, or brings data, has somebody at its other end. */
function probeConnection(
  { host, port, serverName, isTls }: PortAddress,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // Nothing is sent, so that it does not matter whose certificate it is.
    const socket = isTls
      ? tls.connect({ host, port, servername: serverName, rejectUnauthorized: false })
      : net.connect({ host, port });
    let quiet: NodeJS.Timeout | undefined;
    const release = (): void => {
      clearTimeout(quiet);
      signal?.removeEventListener("abort", abort);
      socket.destroy();
    };
    const finish = (problem: string | undefined): void => {
      release();
      resolve(problem);
    };
    const abort = (): void => {
      release();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket
      .setTimeout(CONNECT_TIMEOUT_MS, () => finish("does not answer"))
      .once("error", () => finish("refuses connections"))
      .once("close", () => finish("closes connections at once"))
      .once("data", () => finish(undefined))
      .once(isTls ? "secureConnect" : "connect", () => (quiet = setTimeout(() => finish(undefined), QUIET_MS)));
  });
}
