/** Ends a connection so that its client cannot take what it has for all of it. */
import * as net from "node:net";
import * as tls from "node:tls";

/** Resets a TCP connection. A TLS connection is cut without the end of its stream, by which clients know that bytes are missing. */
export function resetConnection(client: net.Socket | null): void {
  if (client === null || client.destroyed) return;
  if (client instanceof tls.TLSSocket) client.destroy();
  else client.resetAndDestroy();
}
