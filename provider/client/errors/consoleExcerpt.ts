/** The last lines of a guest's console, to be printed when it stopped. They never go into an error, which reaches the state. */
import { createRedactor } from "../../base/redact";
import type { Client } from "../client";

const MAX_LINES = 20;
/** Enough for a kernel's crash dump of several thousand bytes. Below the API's limit of 16,383. */
const MAX_LOG_BYTES = 16_000;

/** The inputs of a guest that may hold secrets, which its console must not show. */
export interface SecretInputs {
  /** The image that the program named, if any; no secret. */
  readonly image?: string | null | undefined;
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  readonly args?: readonly string[] | null | undefined;
  readonly roms?: readonly { readonly files?: readonly SecretFile[] | undefined }[] | null | undefined;
  readonly plugins?: readonly { readonly config?: unknown }[] | null | undefined;
}
interface SecretFile {
  readonly data?: string | undefined;
  readonly encoding?: string | undefined;
}

/** All strings in a value of any shape. */
export function collectStrings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(collectStrings) : [];
}

const decodeFile = ({ data = "", encoding }: SecretFile): string =>
  encoding === "base64" ? Buffer.from(data, "base64").toString("utf8") : data;

/** A word such as a role or a subcommand, which is in any log. A longer one may be a passphrase. */
const PLAIN_WORD = /^[A-Za-z]{1,15}$/;

/** The arguments that may be secrets: all but plain words, unless they are the value of an option, as in `--password hunter`. */
const secretArguments = (args: readonly string[]): readonly string[] =>
  args.filter((arg, index) => !PLAIN_WORD.test(arg) || args[index - 1]?.startsWith("-") === true);

/** The values that the console, or another output of the guest, must not show. */
export const secretValues = (all: readonly SecretInputs[]): readonly string[] =>
  all.flatMap(({ env, args, roms, plugins }) => [
    ...Object.values(env ?? {}),
    ...secretArguments(args ?? []),
    ...(roms ?? []).flatMap(({ files = [] }) => files.map(decodeFile)),
    ...collectStrings((plugins ?? []).map(({ config }) => config)),
  ]);

/** The last lines. After a kernel panic, those up to the panic instead, since its dump fills a screen. */
function selectRelevantLines(lines: readonly string[]): readonly string[] {
  const crash = lines.findIndex((line) => line.includes("Kernel panic"));
  if (crash < 0 || crash >= lines.length - MAX_LINES) return lines.slice(-MAX_LINES);
  return [...lines.slice(Math.max(0, crash + 2 - MAX_LINES), crash + 1), "…"];
}

/**
 * The end of the console log, at most 20 lines, with secret inputs redacted. Empty if the log cannot be read: it only
 * illustrates another error.
 */
export async function readConsoleExcerpt(
  client: Client,
  uuid: string,
  secretInputs: readonly SecretInputs[],
): Promise<readonly string[]> {
  try {
    const response = await client.getInstanceLogs({
      query: { uuid: [uuid], offset: [-MAX_LOG_BYTES], limit: [MAX_LOG_BYTES] },
    });
    const bytes = Buffer.from(response.items[0]?.output ?? "", "base64");
    const all = bytes.toString("utf8").split(/\r?\n/);
    // Where the log was cut, half a secret would not be recognised.
    const lines = (bytes.length < MAX_LOG_BYTES ? all : all.slice(1))
      .map((line) => line.replace(/[^\P{Cc}\t]/gu, ""))
      .filter((line) => line.trim() !== "");
    return selectRelevantLines(lines).map(createRedactor(secretValues(secretInputs)));
  } catch {
    return [];
  }
}
