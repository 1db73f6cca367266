/** Removes secrets from lines that are printed, such as a guest's console or the output of a build. */

/** Shorter values are not masked: `1` and `/` are in every log and protect nothing. */
const MIN_LENGTH = 3;
/** Shorter values are masked only where they stand alone: `info` occurs within other words. */
const MIN_LENGTH_ANYWHERE = 6;
/** Parts of a value that are shorter are not masked by themselves. */
const MIN_PART_LENGTH = 6;
/** What separates the parts of a value, such as the password in a URL. */
const SEPARATORS = /[\s"'`=:;,@/\\?&|(){}[\]<>]+/;

/** An option of one letter with its value, as in `-psecret`. */
const SHORT_OPTION = /^-\w(?=[^-])/;
/** User and password of a URL. */
const URL_CREDENTIALS = /:\/\/([^\s:@/]{0,256}):([^\s@]{1,1024})@/g;

/**
 * A function that replaces secrets in a line by `[secret]`: each value, each of its lines, its longer parts, and the credentials of URLs
 * in it, as they are and in base64, in a URL and in JSON.
 */
export function createRedactor(values: readonly string[]): (line: string) => string {
  const secrets = secretTexts(values);
  // Splits the line at each, so that a mask itself is never searched: a value may be `secret`.
  return (line) =>
    secrets
      .reduce<readonly string[]>((parts, secret) => parts.flatMap((part) => splitAt(part, secret)), [line])
      .join("[secret]");
}

/** The texts to mask, the longest first, since one may be a part of another. */
function secretTexts(values: readonly string[]): readonly string[] {
  const lines = [...values.filter((value) => value.includes("\n")).flatMap(toLines), ...values].map((text) =>
    text.trim(),
  );
  const parts = values
    .flatMap((value) => value.split(SEPARATORS))
    .flatMap((part) => [part, part.replace(SHORT_OPTION, "")]);
  const longParts = parts.filter((part) => part.length >= MIN_PART_LENGTH);
  const forms = [...lines, ...longParts, ...values.flatMap(urlCredentials)].flatMap(formsOf);
  return [...new Set(forms.filter((text) => text.length >= MIN_LENGTH))].sort((a, b) => b.length - a.length);
}

/** The passwords of the URLs in a value and, for basic authentication, `user:password`: as the URL has them, and decoded. */
function urlCredentials(value: string): readonly string[] {
  return [...value.matchAll(URL_CREDENTIALS)].flatMap(([, user = "", password = ""]) => {
    const decoded = [decodePercent(user), decodePercent(password)];
    return [password, decoded[1] ?? "", `${user}:${password}`, decoded.join(":")];
  });
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no valid escape: the program cannot decode it either
  }
}

const toLines = (text: string): readonly string[] => text.split(/\r?\n/);

/** The forms in which a program may print a value. */
const formsOf = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString("base64"),
  encodeURIComponent(text.toWellFormed()),
  JSON.stringify(text).slice(1, -1),
];

const splitAt = (text: string, secret: string): readonly string[] =>
  !text.includes(secret)
    ? [text]
    : secret.length >= MIN_LENGTH_ANYWHERE
      ? text.split(secret)
      : text.split(new RegExp(`(?<!\\w)${escapeRegExp(secret)}(?!\\w)`));
const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
