/** Build secrets and where their values come from. A value is only ever in memory and in a file that just its owner can read. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { namedVariable } from "../../base/config/environment";
import { UnikernelError, errorMessage } from "../../base/errors";
import { readRegularFile } from "./context/readRegularFile";

/** Where the value of a build secret comes from. */
export type SecretSource =
  /** A file, relative to the working directory. */
  | { readonly file: string }
  /** An environment variable of this process. */
  | { readonly env: string }
  /** The value itself, from the program. */
  | { readonly value: string };

/** Values of build secrets by id. */
export type SecretValues = ReadonlyMap<string, Uint8Array>;

/** BuildKit's own limit. Source: moby/buildkit, `session/secrets/secretsprovider`. */
const MAX_SECRET_BYTES = 500 * 1024;

/** Reads all secrets. Throws `INPUT_INVALID` that lists every one that is missing, malformed or longer than 500 KiB. */
export async function readSecrets(sources: Readonly<Record<string, SecretSource>>): Promise<SecretValues> {
  const values = new Map<string, Uint8Array>();
  const problems: string[] = [];
  for (const [id, source] of Object.entries(sources)) {
    const value = /^[\w.-]+$/.test(id)
      ? await readSecret(source)
      : "has an invalid id: use letters, digits, '_', '-' and '.'";
    if (typeof value === "string") problems.push(`The build secret '${id}' ${value}.`);
    else values.set(id, value);
  }
  if (problems.length > 0) throw new UnikernelError("INPUT_INVALID", problems.join("\n"));
  return values;
}

/** The value, or the end of a sentence that says why there is none. */
async function readSecret(source: SecretSource): Promise<Uint8Array | string> {
  if ("file" in source) {
    try {
      return await readRegularFile(path.resolve(source.file), MAX_SECRET_BYTES);
    } catch (error) {
      return `comes from the file '${source.file}', which cannot be read: ${errorMessage(error)}`;
    }
  }
  const text = "env" in source ? namedVariable(source.env) : source.value;
  if (text === undefined && "env" in source)
    return `comes from the environment variable ${source.env}, which is not set`;
  const bytes = Buffer.from(text ?? "");
  return bytes.length > MAX_SECRET_BYTES
    ? `has ${bytes.length} bytes; a build accepts up to ${MAX_SECRET_BYTES}`
    : bytes;
}

/** Writes each secret into a file (0600) of a folder that only the owner can enter, and returns the files by id. */
export async function writeSecretFiles(folder: string, values: SecretValues): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const [id, value] of values) {
    const file = path.join(folder, `secret-${files.size}`);
    await fs.writeFile(file, value, { mode: 0o600, flag: "wx" });
    files.set(id, file);
  }
  return files;
}

/** What must not appear in the output of a build. */
export const secretTexts = (values: SecretValues): readonly string[] =>
  [...values.values()].map((value) => Buffer.from(value).toString("utf8"));
