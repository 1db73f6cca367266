/** Certificates for domains without an uploaded one: one per name, issued when a client first asks for it. */
import * as crypto from "node:crypto";
import type { LocalPaths } from "../../base/localPaths";
import type { KeyPair } from "../proxy/ports/tlsHandshake";
import { type CertificateAuthority, ensureCertificateAuthority } from "./caFiles";
import { isDomainName, isWildcard } from "./domainName";
import { issueCertificate } from "./issue";

const DAY_MS = 86_400_000;
/** Validity of a certificate. Browsers reject longer ones of public authorities, and some of any. Source: CA/Browser Forum, 2020. */
const VALID_MS = 397 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** The clocks of clients may be behind. */
const CLOCK_SKEW_MS = DAY_MS;
/** Certificates kept; the oldest is issued again when a client asks for it. */
const MAX_CERTIFICATES = 1024;
/** Longest common name. Source: RFC 5280, appendix A.1, ub-common-name. */
const MAX_COMMON_NAME_LENGTH = 64;
/** Names of the certificate for clients that send no server name, or `localhost`. */
const LOCALHOST_NAMES = ["localhost", "127.0.0.1", "::1"];

const isBelowLocalhost = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

/** Issues certificates. Those below `localhost` are signed by the local authority, which users can trust; others sign themselves. */
export class LocalCa {
  readonly #paths: Pick<LocalPaths, "caKeyFile" | "caFile">;
  /** One key for all of them, new in every run, so that a certificate costs one signature. */
  readonly #keys = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  readonly #issued = new Map<string, { readonly pair: KeyPair; readonly renewAt: number }>();
  #authority: CertificateAuthority | undefined;

  constructor(paths: Pick<LocalPaths, "caKeyFile" | "caFile">) {
    this.#paths = paths;
  }

  /** The certificate for a server name in lower case; `undefined`: for `localhost` and the loopback addresses. Throws file errors. */
  certificateFor(serverName: string | undefined): KeyPair {
    const isName = serverName !== undefined && isDomainName(serverName) && !isWildcard(serverName);
    const name = isName ? serverName : "localhost";
    const now = Date.now();
    const known = this.#issued.get(name);
    if (known !== undefined && known.renewAt > now) return known.pair;
    const pair = this.#issue(name, now);
    this.#issued.delete(name);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size >= MAX_CERTIFICATES && oldest !== undefined) this.#issued.delete(oldest);
    this.#issued.set(name, { pair, renewAt: now + VALID_MS - RENEW_BEFORE_MS });
    return pair;
  }

  /** Creates the authority's files unless they exist, so that users find them before the first connection. Throws file errors. */
  prepare(): void {
    this.#ensureAuthority(Date.now());
  }

  #issue(name: string, now: number): KeyPair {
    const { privateKey, publicKey } = this.#keys;
    const commonName = name.length > MAX_COMMON_NAME_LENGTH ? "unikernel local platform" : name;
    const issuer = isBelowLocalhost(name) ? this.#ensureAuthority(now) : { commonName, privateKey };
    const names = name === "localhost" ? LOCALHOST_NAMES : [name];
    const validity = { notBefore: now - CLOCK_SKEW_MS, notAfter: now + VALID_MS };
    return {
      chain: issueCertificate({ commonName, ...validity, use: { kind: "server", names } }, publicKey, issuer),
      pkey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    };
  }

  #ensureAuthority(now: number): CertificateAuthority {
    if (this.#authority === undefined || this.#authority.notAfter < now + VALID_MS)
      this.#authority = ensureCertificateAuthority(this.#paths, now);
    return this.#authority;
  }
}
