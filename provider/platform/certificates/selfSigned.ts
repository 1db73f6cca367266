/** A certificate for domains that nobody uploaded one for: made here, trusted by nobody else. */
import { exec, findTool } from "../../base/exec";
import { ApiItemError } from "../errors";

const VALID_DAYS = 3650;

/** A certificate and its key, in one PEM text as the tool writes them. */
export interface SelfSignedCertificate {
  /** Secret: holds the key. */
  readonly pem: string;
}

/**
 * Makes a self-signed certificate for these domains, `localhost` and 127.0.0.1. It is kept in memory alone, so every
 * daemon has its own.
 *
 * Throws a refusal `NotSupported` without the tool `openssl`, `FailedOperation` when that fails.
 */
export async function createSelfSignedCertificate(fqdns: readonly string[]): Promise<SelfSignedCertificate> {
  const openssl = findTool("openssl");
  if (openssl === undefined) {
    throw new ApiItemError(
      "NotSupported",
      "The handler 'tls' needs the tool 'openssl' on this machine, which makes the certificate for local names; install it",
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
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new ApiItemError(
    "FailedOperation",
    `Making a certificate failed: openssl ended with ${code ?? "a signal"} (${said})`,
  );
}
