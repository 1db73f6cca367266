/** The handler `tls`: ends TLS on a published port, so that instances speak plainly. */
import type * as net from "node:net";
import * as tls from "node:tls";
import type { SelfSignedCertificate } from "../certificates/selfSigned";

/** Where a service's certificates come from. */
export interface TlsCertificates {
  /** Serves every name without an uploaded one, and clients that name none. */
  readonly selfSigned: SelfSignedCertificate;
  /** The uploaded certificate for a domain name, as it is now. */
  readonly findUploaded: (serverName: string) => tls.SecureContext | undefined;
}

/** How long a client may take to agree on TLS. */
const HANDSHAKE_MS = 10_000;

/** Takes connections and hands over what is inside of them, paused; one that does not speak TLS is closed. */
export function terminateTls(
  certificates: TlsCertificates,
  onSecured: (client: net.Socket) => void,
): (raw: net.Socket) => void {
  const { selfSigned: own, findUploaded: uploaded } = certificates;
  const server = tls.createServer(
    {
      key: own.pem,
      cert: own.pem,
      pauseOnConnect: true,
      handshakeTimeout: HANDSHAKE_MS,
      SNICallback: (serverName, done) => {
        let context: tls.SecureContext | undefined;
        try {
          context = uploaded(serverName.toLowerCase());
        } catch (error) {
          // A certificate that this OpenSSL does not take: that concerns this connection alone.
          return done(error instanceof Error ? error : new Error(String(error)));
        }
        done(null, context);
      },
    },
    onSecured,
  );
  return (raw) => void server.emit("connection", raw);
}
