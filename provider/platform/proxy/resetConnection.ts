/** Ends a connection so that its client cannot take what it has for all of it. */
import type * as net from "node:net";

/** The TCP connections below encrypted ones. */
const transports = new WeakMap<net.Socket, net.Socket>();

/** Remembers the TCP connection that carries an encrypted one. */
export const setTransport = (encrypted: net.Socket, transport: net.Socket): void =>
  void transports.set(encrypted, transport);

/** The TCP connection below an encrypted one; any other connection itself. */
export const transportOf = (client: net.Socket): net.Socket => transports.get(client) ?? client;

/**
 * Resets the TCP connection, also that of an encrypted one: not every client takes the end of a TLS connection without an alert for an
 * error, curl for instance does not.
 */
export function resetConnection(client: net.Socket | null): void {
  if (client === null || client.destroyed) return;
  transportOf(client).resetAndDestroy();
}
