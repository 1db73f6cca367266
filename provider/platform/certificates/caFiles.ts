/**
 * The files of the local certificate authority. Daemon and command line both create them when they need them; the first one wins.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { hasErrorCode } from "../../base/errors";
import type { LocalPaths } from "../../base/localPaths";
import { type Issuer, issueCertificate } from "./issue";

/** A certificate authority whose private key is on this machine. */
export interface CertificateAuthority extends Issuer {
  /** PEM of its own certificate. */
  readonly certificate: string;
  /** End of its validity, Unix milliseconds. */
  readonly notAfter: number;
}

const DAY_MS = 86_400_000;
const VALID_MS = 3650 * DAY_MS;
/** A new authority is created this long before the old one expires, so that it outlives the certificates that it issues. */
const RENEW_BEFORE_MS = 400 * DAY_MS;
/** The clocks of clients may be behind. */
const CLOCK_SKEW_MS = DAY_MS;
/**
 * All that it may vouch for: names that lead to the client's own machine. A stolen key is of no use for other names.
 */
const PERMITTED = { domains: ["localhost"], networks: ["127.0.0.0/8", "::1/128"] } as const;

/** Loads the authority of a state folder, and creates it if there is none, or none that is valid much longer. Throws file errors. */
export function ensureCertificateAuthority(
  { caKeyFile, caFile }: Pick<LocalPaths, "caKeyFile" | "caFile">,
  now: number,
): CertificateAuthority {
  const found = readCertificateAuthority(caKeyFile);
  if (found !== undefined && found.notAfter - RENEW_BEFORE_MS > now) return writeCertificate(caFile, found);
  if (found !== undefined || fs.existsSync(caKeyFile)) fs.rmSync(caKeyFile); // expired, or damaged
  createFileExclusive(caKeyFile, createKeyAndCertificate(now));
  const created = readCertificateAuthority(caKeyFile);
  if (created === undefined) throw new Error(`'${caKeyFile}' holds no certificate authority`);
  return writeCertificate(caFile, created);
}

/** The authority in a file; `undefined` if there is none that can be read. */
function readCertificateAuthority(file: string): CertificateAuthority | undefined {
  try {
    const pem = fs.readFileSync(file, "utf8");
    const privateKey = crypto.createPrivateKey(pem);
    const certificate = new crypto.X509Certificate(pem.slice(pem.indexOf("-----BEGIN CERTIFICATE-----")));
    if (!certificate.checkPrivateKey(privateKey)) return undefined;
    const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
    return { commonName, privateKey, certificate: certificate.toString(), notAfter: Date.parse(certificate.validTo) };
  } catch {
    return undefined;
  }
}

function createKeyAndCertificate(now: number): string {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  // Unique, because stores of certificates tell authorities apart by their names.
  const commonName = `Unikernel local CA ${os.hostname().slice(0, 24)} ${crypto.randomBytes(4).toString("hex")}`;
  const certificate = issueCertificate(
    { commonName, notBefore: now - CLOCK_SKEW_MS, notAfter: now + VALID_MS, use: { kind: "authority", ...PERMITTED } },
    publicKey,
    { commonName, privateKey },
  );
  return String(privateKey.export({ type: "pkcs8", format: "pem" })) + certificate;
}

/** Writes a private file, unless another process just did. */
function createFileExclusive(file: string, content: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${crypto.randomUUID()}`;
  try {
    fs.writeFileSync(temporary, content, { mode: 0o600, flag: "wx" });
    fs.linkSync(temporary, file);
  } catch (error) {
    if (!hasErrorCode(error, "EEXIST")) throw error;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Keeps the file with the certificate alone, which users give to their clients, equal to the one in use. */
function writeCertificate(file: string, authority: CertificateAuthority): CertificateAuthority {
  const isWritten = fs.existsSync(file) && fs.readFileSync(file, "utf8") === authority.certificate;
  if (!isWritten) fs.writeFileSync(file, authority.certificate, { mode: 0o644 });
  return authority;
}
