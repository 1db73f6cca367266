/** Certificates for tests, created by a third-party tool. */
import * as childProcess from "node:child_process";
import * as net from "node:net";

/** The uploaded parts. */
export interface ChainAndKey {
  readonly chain: string;
  readonly pkey: string;
}

const EC_KEY = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** A self-signed certificate for a common name and more DNS names or IP addresses, created by `openssl`. `key`: arguments of its `-newkey`. */
export function makeCertificate(
  commonName: string,
  alternatives: readonly string[] = [],
  key: readonly string[] = EC_KEY,
): ChainAndKey {
  const names = alternatives.map((name) => `${net.isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",");
  const pem = childProcess.execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-days", "2", "-nodes", "-newkey", ...key],
      ...["-subj", `/O=Test/CN=${commonName}`, ...(names === "" ? [] : ["-addext", `subjectAltName=${names}`])],
      ...["-keyout", "-", "-out", "-"],
    ],
    { encoding: "utf8", stdio: "pipe" },
  );
  const block = (kind: string): string =>
    new RegExp(`-----BEGIN ${kind}-----[^-]*-----END ${kind}-----\n`).exec(pem)?.[0] ?? "";
  return { chain: block("CERTIFICATE"), pkey: block("PRIVATE KEY") };
}
