/**
 * Credential helpers: programs named `docker-credential-<name>` that keep passwords outside Docker's files.
 *
 * Source: docker/docker-credential-helpers, README, "Development".
 */
import * as z from "zod";
import { UnikernelError, hasErrorCode } from "../../../base/errors";
import { type ExecResult, OUTPUT_TOO_LONG, exec } from "../../../base/exec";
import type { RegistryCredentials } from "./credentials";

/** A helper that asks a person or a slow service would otherwise block the program. */
const HELPER_TIMEOUT_MS = 30_000;
/** User name of helpers that return an identity token. Source: docker/cli, `tokenUsername`. */
const IDENTITY_TOKEN_USER = "<token>";

const helperOutput = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks a helper for the credentials of a registry; `undefined` if it has none.
 *
 * Throws `CONFIG_INVALID` when it is missing, fails, or takes longer than `timeoutMs` (default 30 s). Its output is never quoted,
 * since it may hold the secret.
 */
export async function credentialFromHelper(
  name: string,
  serverUrl: string,
  signal?: AbortSignal,
  timeoutMs = HELPER_TIMEOUT_MS,
): Promise<RegistryCredentials | undefined> {
  const program = `docker-credential-${name}`;
  const helperError = (problem: string): UnikernelError =>
    new UnikernelError("CONFIG_INVALID", `The credential helper '${program}' ${problem} for '${serverUrl}'.`, {
      hint: "Check 'credHelpers' and 'credsStore' in Docker's config.json, or set credentials for the registry.",
    });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw helperError("does not have a valid name");
  const limit = AbortSignal.timeout(timeoutMs);
  let result: ExecResult;
  try {
    result = await exec(program, ["get"], {
      input: `${serverUrl}\n`,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) throw helperError(`did not respond within ${timeoutMs / 1000} s`);
    if (hasErrorCode(error, OUTPUT_TOO_LONG)) throw helperError("returned no credentials in its format");
    throw helperError(hasErrorCode(error, "ENOENT") ? "was not found on PATH" : "could not be started");
  }
  if (result.code !== 0) {
    if (/credentials not found|no usernames? for|not logged in/i.test(result.stdout)) return undefined;
    throw helperError(result.code === null ? "was ended by a signal" : `failed with exit code ${result.code}`);
  }
  const parsed = helperOutput.safeParse(parseJson(result.stdout));
  if (!parsed.success) throw helperError("returned no credentials in its format");
  const { Username: username, Secret: secret } = parsed.data;
  if (secret === "") return undefined;
  return username === IDENTITY_TOKEN_USER
    ? { type: "identityToken", token: secret }
    : { type: "password", username, password: secret };
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
