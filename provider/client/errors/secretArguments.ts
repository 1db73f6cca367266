/** What a console must not show of a program's arguments. Pure. */

/** `--key=value` and `KEY=value`. */
const ASSIGNED = /^[-\w.]+=["']?(.+?)["']?$/;
/** The password in a URL. */
const URL_PASSWORD = /:\/\/[^:@/\s]*:([^@\s]+)@/g;
/** The value after an option that asks for a secret, in a command line such as that of `sh -c`. */
const NAMED = /(?:pass|secret|token|key|credential)[-\w]*["']?[\s:=]+["']?([^\s"']+)/gi;
/** What separates the words of an argument. */
const SEPARATORS = /[\s"'`=:;,@/\\?&|(){}[\]<>]+/;
const MIN_WORD_LENGTH = 6;

/** Keys and passwords have both; words and paths rarely do. */
const looksGenerated = (word: string): boolean =>
  word.length >= MIN_WORD_LENGTH && /\d/.test(word) && /\p{L}/u.test(word);

/**
 * The texts of an argument that may be secret: the whole, its lines, the values in it, and words that look like keys. Not its other
 * words: those of `sh -c "exec server"` are in many lines that explain a failure.
 */
export function secretArgumentTexts(argument: string): readonly string[] {
  const captured = (pattern: RegExp): readonly string[] =>
    [...argument.matchAll(pattern)].map(([, value = ""]) => value);
  const lines = argument.includes("\n") ? argument.split(/\r?\n/).filter((line) => /\W/.test(line.trim())) : [];
  const values = [argument, ...argument.split(/\s+/)].map((text) => ASSIGNED.exec(text)?.[1] ?? "");
  const words = argument.split(SEPARATORS).filter(looksGenerated);
  return [argument, ...lines, ...values, ...captured(URL_PASSWORD), ...captured(NAMED), ...words];
}
