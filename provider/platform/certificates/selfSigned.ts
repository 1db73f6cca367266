/** Generates self-signed certificates, for domains without an uploaded one. */
import { exec, findTool } from "../../base/exec";
import { ApiItemError } from "../errors";

const VALID_DAYS = 3650;

/** A certificate and its private key. */
export interface SelfSignedCertificate {
  /** PEM of both. Secret. */
  readonly pem: string;
}

/**
 * Generates a self-signed certificate for these domains, `localhost` and 127.0.0.1. It is held in memory only, so it
 * changes when the daemon restarts.
 *
 * Throws `ApiItemError`: `NotSupported` when `openssl` is not installed, `FailedOperation` when it fails.
 */
export async function createSelfSignedCertificate(fqdns: readonly string[]): Promise<SelfSignedCertificate> {
  const openssl = findTool("openssl");
  if (openssl === undefined) {
    throw new ApiItemError(
      "NotSupported",
      "The handler 'tls' needs the tool 'openssl' to generate a certificate; install it on the machine that runs the daemon",
    );
  }
  const names = [...new Set(["localhost", ...fqdns])].map((fqdn) => `DNS:${fqdn}`);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "-"];
  const subject = ["-subj", "/CN=localhost", "-addext", `subjectAltName=${[...names, "IP:127.0.0.1"].join(",")}`];
  const { code, stdout, stderr } = await exec(openssl, [
    ...["req", "-x509", "-days", String(VALID_DAYS), ...key],
    ...[...subject, "-out", "-"],
  ]);
  if (code === 0) return { pem: stdout };
  const ending = code === null ? "was killed by a signal" : `exited with code ${code}`;
  const lastLine = stderr.trim().split("\n").at(-1) ?? "";
  throw new ApiItemError("FailedOperation", `Generating a certificate failed: openssl ${ending} (${lastLine})`);
}
