/** The last lines of a guest's console, to be printed when it stopped. They never go into an error, which reaches the state. */
import type { Client } from "../client";

const MAX_LINES = 20;
/** Enough for a kernel's crash dump of several thousand bytes. Below the API's limit of 16,383. */
const MAX_LOG_BYTES = 16_000;

/** The inputs of a guest that may hold secrets, which its console must not show. */
export interface SecretInputs {
  readonly env?: Readonly<Record<string, string>> | null | undefined;
  readonly args?: readonly string[] | null | undefined;
  readonly roms?: readonly { readonly files?: readonly SecretFile[] | undefined }[] | null | undefined;
  readonly plugins?: readonly { readonly config?: unknown }[] | null | undefined;
}
interface SecretFile {
  readonly data?: string | undefined;
  readonly encoding?: string | undefined;
}

/** Shorter values are not masked: `1` and `/` are in every log and protect nothing. */
const MIN_LENGTH = 3;
/** Shorter values are masked only where they stand alone: `info` occurs within other words. */
const MIN_LENGTH_ANYWHERE = 6;
/** Parts of a value that are shorter are not masked by themselves. */
const MIN_PART_LENGTH = 6;
/** What separates the parts of a value, such as the password in a URL. */
const SEPARATORS = /[\s"'`=:;,@/\\?&|(){}[\]<>]+/;

/** All strings in a value of any shape. */
function collectStrings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(collectStrings) : [];
}

const decodeFile = ({ data = "", encoding }: SecretFile): string =>
  encoding === "base64" ? Buffer.from(data, "base64").toString("utf8") : data;

/** The forms in which a program may print a value: as it is, in base64, in a URL, in JSON. */
const formsOf = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString("base64"),
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
];

/** The texts to mask, the longest first, since one may be a part of another: each value, line by line, and the longer parts of each line. */
function secretTexts(all: readonly SecretInputs[]): readonly string[] {
  const values = all.flatMap(({ env, args, roms, plugins }) => [
    ...Object.values(env ?? {}),
    ...(args ?? []),
    ...(roms ?? []).flatMap(({ files = [] }) => files.map(decodeFile)),
    ...collectStrings((plugins ?? []).map(({ config }) => config)),
  ]);
  const lines = [...values.filter((value) => value.includes("\n")).flatMap(toLines), ...values].map((text) =>
    text.trim(),
  );
  const parts = values.flatMap((value) => value.split(SEPARATORS)).filter((part) => part.length >= MIN_PART_LENGTH);
  const forms = [...lines, ...parts].flatMap(formsOf).filter((text) => text.length >= MIN_LENGTH);
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

const toLines = (text: string): readonly string[] => text.split(/\r?\n/);

/** Programs may print their secret inputs. Splits the line at each, so that a mask itself is never searched: a value may be `secret`. */
const redactSecrets = (line: string, secrets: readonly string[]): string =>
  secrets
    .reduce<readonly string[]>((parts, secret) => parts.flatMap((part) => splitAt(part, secret)), [line])
    .join("[secret]");

const splitAt = (text: string, secret: string): readonly string[] =>
  !text.includes(secret)
    ? [text]
    : secret.length >= MIN_LENGTH_ANYWHERE
      ? text.split(secret)
      : text.split(new RegExp(`(?<!\\w)${escapeRegExp(secret)}(?!\\w)`));
const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

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
    const secrets = secretTexts(secretInputs);
    return selectRelevantLines(lines).map((line) => redactSecrets(line, secrets));
  } catch {
    return [];
  }
}
