/** The last lines of a guest's console, quoted in the error that reports its stop. */
import type { Client } from "../client";

const MAX_LINES = 20;
/** Enough for a kernel's crash dump of several thousand bytes. Below the API's limit of 16,383. */
const MAX_LOG_BYTES = 16_000;

/** The inputs of a guest that may hold secrets. */
export interface SecretInputs {
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  readonly roms?: readonly { readonly files?: readonly SecretFile[] | undefined }[] | null | undefined;
  readonly plugins?: readonly { readonly config?: unknown }[] | null | undefined;
}
interface SecretFile {
  readonly data?: string | undefined;
  readonly encoding?: string | undefined;
}

/** Shorter values, such as `true` and `8080`, are not secret and occur in ordinary output. */
const MIN_SECRET_LENGTH = 6;

/** All strings in a value of any shape. */
function collectStrings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(collectStrings) : [];
}

const decodeFile = ({ data = "", encoding }: SecretFile): string =>
  encoding === "base64" ? Buffer.from(data, "base64").toString("utf8") : data;

/** The secret inputs line by line, as a console prints them. Longest first, because one may contain another. */
function secretLines(all: readonly SecretInputs[]): readonly string[] {
  const texts = all.flatMap(({ env, roms, plugins }) => [
    ...Object.values(env ?? {}),
    ...(roms ?? []).flatMap(({ files = [] }) => files.map(decodeFile)),
    ...collectStrings((plugins ?? []).map(({ config }) => config)),
  ]);
  return texts
    .flatMap((text) => text.split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** Programs may print their secret inputs. */
const redactSecrets = (line: string, secrets: readonly string[]): string =>
  secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);

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
    const text = Buffer.from(response.items[0]?.output ?? "", "base64").toString("utf8");
    const lines = text
      .split(/\r?\n/)
      .map((line) => line.replace(/[^\P{Cc}\t]/gu, ""))
      .filter((line) => line.trim() !== "");
    const secrets = secretLines(secretInputs);
    return selectRelevantLines(lines).map((line) => redactSecrets(line, secrets));
  } catch {
    return [];
  }
}
