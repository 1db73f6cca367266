/** Decrypts connections: one TLS server per certificate, so that a client never receives another one. */
import type * as net from "node:net";
import * as tls from "node:tls";
import { setTransport } from "../resetConnection";

/** What HTTP ports negotiate in TLS, best first. Source: RFC 9113, section 3.2, and RFC 7301. */
const HTTP_PROTOCOLS = ["h2", "http/1.1"] as const;

/** A certificate with its issuers, and its private key. */
export interface KeyPair {
  /** PEM: the certificate first, then its issuers. */
  readonly chain: string;
  /** PEM. Secret. */
  readonly pkey: string;
}

/**
 * How long a TLS handshake may take after its first message. Node measures the time without plain text, so partial messages do not
 * extend it.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** A fatal alert: the server has no such name. Source: RFC 8446, section 6, and RFC 6066, section 3. */
const UNRECOGNIZED_NAME_ALERT = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** Ends a connection whose client asked for a name that no service has. */
export const refuseServerName = (client: net.Socket): void => {
  client.end(UNRECOGNIZED_NAME_ALERT, () => client.destroy());
};

/** Carries out the handshakes of a port. */
export class TlsHandshakes {
  readonly #onSecured: (client: tls.TLSSocket) => void;
  /**
   * A context of its own per certificate: a certificate from `SNICallback` would be added to the server's own, and a client that
   * supports both kinds of keys would receive the elliptic one of the two.
   */
  readonly #servers = { http: new WeakMap<KeyPair, tls.Server>(), other: new WeakMap<KeyPair, tls.Server>() };

  /** The connections below the encrypted ones, by {@link endsOf}. */
  readonly #transports = new Map<string, net.Socket>();

  /** @param onSecured receives each decrypted connection, paused; one that fails is closed */
  constructor(onSecured: (client: tls.TLSSocket) => void) {
    this.#onSecured = (client) => {
      const transport = this.#transports.get(endsOf(client));
      if (transport !== undefined) setTransport(client, transport);
      onSecured(client);
    };
  }

  /**
   * Starts the handshake of a paused connection. Throws if OpenSSL rejects the certificate.
   *
   * @param isHttp true to offer {@link HTTP_PROTOCOLS}
   */
  begin(raw: net.Socket, certificate: KeyPair, isHttp: boolean): void {
    const ends = endsOf(raw);
    this.#transports.set(ends, raw);
    raw.once("close", () => this.#transports.delete(ends));
    this.#serverFor(certificate, isHttp).emit("connection", raw);
  }

  #serverFor(certificate: KeyPair, isHttp: boolean): tls.Server {
    const servers = this.#servers[isHttp ? "http" : "other"];
    const cached = servers.get(certificate);
    if (cached !== undefined) return cached;
    const { chain: cert, pkey: key } = certificate;
    const options = {
      ...{ cert, key, pauseOnConnect: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
      ...(isHttp ? { ALPNProtocols: [...HTTP_PROTOCOLS] } : {}),
    };
    const server = tls.createServer(options, this.#onSecured);
    // Node leaves the socket of a failed or timed-out handshake open.
    server.on("tlsClientError", (_error, client) => void client.destroy());
    servers.set(certificate, server);
    return server;
  }
}

/** Both ends of a connection, which no other has as long as it is open. */
const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: net.Socket): string =>
  [remoteAddress, remotePort, localAddress, localPort].join(" ");
