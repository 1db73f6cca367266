/** The last lines of a guest's console, for the error that says that it stopped. */
import type { Client } from "../client";

const MAX_LINES = 20;
/** A crash dump of a kernel takes some thousand bytes. */
const MAX_LOG_BYTES = 16_000;

/** What a guest is given in secret. */
export interface SecretInputs {
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  readonly roms?: readonly { readonly files?: readonly SecretFile[] | undefined }[] | null | undefined;
  readonly plugins?: readonly { readonly config?: unknown }[] | null | undefined;
}
interface SecretFile {
  readonly data?: string | undefined;
  readonly encoding?: string | undefined;
}

/** Shorter values are words such as `true` and `8080`, which tell nothing and occur anywhere. */
const MIN_SECRET_LENGTH = 6;

/** All texts in a value of any shape. */
function collectStrings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(collectStrings) : [];
}

const decodeFile = ({ data = "", encoding }: SecretFile): string =>
  encoding === "base64" ? Buffer.from(data, "base64").toString("utf8") : data;

/** What a program was given in secret, line by line, as a console shows it. The longest first: one may be a part of another. */
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

/** Programs print what they were given, which is secret. */
const redactSecrets = (line: string, secrets: readonly string[]): string =>
  secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);

/** The last lines; of a kernel's crash, whose dump fills a screen, those that led to it and the one that names it. */
function selectRelevantLines(lines: readonly string[]): readonly string[] {
  const crash = lines.findIndex((line) => line.includes("Kernel panic"));
  if (crash < 0 || crash >= lines.length - MAX_LINES) return lines.slice(-MAX_LINES);
  return [...lines.slice(Math.max(0, crash + 2 - MAX_LINES), crash + 1), "…"];
}

/**
 * The end of the console log, without what the guest was given in secret; empty when it cannot be read, since it only illustrates
 * an error.
 */
export async function readConsoleExcerpt(
  client: Client,
  uuid: string,
  secretInputs: readonly SecretInputs[],
): Promise<readonly string[]> {
  try {
    const reply = await client.getInstanceLogs({
      query: { uuid: [uuid], offset: [-MAX_LOG_BYTES], limit: [MAX_LOG_BYTES] },
    });
    const text = Buffer.from(reply.items[0]?.output ?? "", "base64").toString("utf8");
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
