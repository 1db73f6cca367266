/** The handler `tls`: terminates TLS on a published port, so that instances receive plain text. */
import type * as net from "node:net";
import * as tls from "node:tls";
import type { SelfSignedCertificate } from "../certificates/selfSigned";

/** The certificates of a service. */
export interface TlsCertificates {
  /** For domains without an uploaded certificate, and for clients that send no server name. */
  readonly selfSigned: SelfSignedCertificate;
  /**
   * The uploaded certificate for a domain name; looked up for each connection, so that a replacement takes effect at
   * once.
   */
  readonly findUploaded: (serverName: string) => tls.SecureContext | undefined;
}

/** How long a TLS handshake may take. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * A handler of connections that decrypts them and passes them on, paused; a connection that does not speak TLS is
 * closed.
 *
 * @param protocols what clients may negotiate, best first (ALPN); none: they are not asked
 */
export function terminateTls(
  certificates: TlsCertificates,
  protocols: readonly string[],
  onSecured: (client: net.Socket) => void,
): (raw: net.Socket) => void {
  const { selfSigned, findUploaded } = certificates;
  const server = tls.createServer(
    {
      key: selfSigned.pem,
      cert: selfSigned.pem,
      pauseOnConnect: true,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      SNICallback: (serverName, done) => {
        let context: tls.SecureContext | undefined;
        try {
          context = findUploaded(serverName.toLowerCase());
        } catch (error) {
          // OpenSSL rejects the certificate: this affects this connection only.
          return done(error instanceof Error ? error : new Error(String(error)));
        }
        done(null, context);
      },
    },
    onSecured,
  );
  return (raw) => void server.emit("connection", raw);
}
