/** Makes signatures, with a private key or a command of the user. */
import * as crypto from "node:crypto";
import { UnikernelError, hasErrorCode } from "../../base/errors";
import { type ExecResult, OUTPUT_TOO_LONG, exec } from "../../base/exec";
import { parseSignature } from "./signingKey";

/** A key service that does not respond would otherwise block the program. */
const COMMAND_TIMEOUT_MS = 60_000;

/** Signs bytes: ECDSA over SHA-256, in DER. */
export type Signer = (payload: Buffer, signal?: AbortSignal) => Promise<Buffer>;

/**
 * A signer with a private key in PEM, which must be ECDSA on P-256. Throws `INPUT_INVALID` for any other, and for a passphrase that is
 * missing or wrong; neither is ever quoted.
 */
export function signerFromPem(pem: string, passphrase?: string): Signer {
  const privateKey = readKey(pem, passphrase);
  return (payload) => Promise.resolve(crypto.sign("sha256", payload, privateKey));
}

const MAKE_KEY = "Make one with 'openssl ecparam -name prime256v1 -genkey -noout'.";

function readKey(pem: string, passphrase: string | undefined): crypto.KeyObject {
  if (/^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/m.test(pem))
    throw keyError("is in a format that only cosign reads", `${MAKE_KEY} 'cosign import-key-pair' takes it over.`);
  let key: crypto.KeyObject | undefined;
  try {
    key = crypto.createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // Without a cause, which could quote the key.
    if (!/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
      throw keyError("cannot be read: it must be a private key in PEM", `${MAKE_KEY} Pass its content, not its path.`);
    throw passphrase === undefined
      ? keyError("is encrypted", "Set 'attestation.signingKeyPassphrase'.")
      : keyError("cannot be decrypted with its passphrase", "Check 'attestation.signingKeyPassphrase'.");
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return key;
  const kind = key.asymmetricKeyType === "ec" ? `is on the curve ${curve}` : `is of the kind ${key.asymmetricKeyType}`;
  throw keyError(`${kind}; it must be ECDSA on the curve P-256`, MAKE_KEY);
}

const keyError = (problem: string, hint: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", `The signing key ${problem}.`, { property: "attestation.signingKey", hint });

/**
 * A signer that runs a command of the user, such as one of a key service. It gets the payload in base64 on its input and prints the signature
 * in base64, in one line or several. Throws `OPERATION_FAILED` when it fails, or prints what no one could verify. Its output is never
 * quoted, since it may hold a secret.
 */
export const signerFromCommand =
  ([program, ...args]: readonly [string, ...string[]]): Signer =>
  async (payload, signal) => {
    const { code, stdout } = await runCommand(program, args, payload, signal);
    if (code === null) throw commandError(program, "was ended by a signal");
    if (code !== 0) throw commandError(program, `failed with exit code ${code}`);
    const text = stdout.replace(/\s+/g, "");
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw commandError(program, "printed no signature in base64");
    const signature = Buffer.from(text, "base64");
    if (parseSignature(signature) === undefined)
      throw commandError(program, "printed something else than an ECDSA signature in DER");
    return signature;
  };

async function runCommand(
  program: string,
  args: readonly string[],
  payload: Buffer,
  signal: AbortSignal | undefined,
): Promise<ExecResult> {
  const limit = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  try {
    return await exec(program, args, {
      input: payload.toString("base64"),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) throw commandError(program, `did not finish within ${COMMAND_TIMEOUT_MS / 1000} s`);
    if (hasErrorCode(error, OUTPUT_TOO_LONG)) throw commandError(program, "printed more than a signature");
    throw commandError(program, hasErrorCode(error, "ENOENT") ? "was not found" : "could not be started");
  }
}

const commandError = (program: string, problem: string): UnikernelError =>
  new UnikernelError("OPERATION_FAILED", `The signing command '${program}' ${problem}.`, {
    property: "attestation.signingCommand",
    hint: "It must read base64 from its input and print an ECDSA signature over its SHA-256, in DER and base64. Run it by hand to see its messages.",
  });
