/** Splits the text form of `command` and `entrypoint` into arguments. Pure. */

/**
 * The words of a command line, by the rules of the library that Compose uses, mattn/go-shellwords: those of a POSIX shell, except that a
 * backslash also quotes any character in double quotes. Nothing is expanded: Compose runs no shell. `undefined` if a quote is not closed.
 */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (quote === "'") {
      if (sign === "'") quote = undefined;
      else word = (word ?? "") + sign;
    } else if (sign === "\\") {
      at += 1;
      if (at === text.length) return undefined;
      word = (word ?? "") + text.charAt(at);
    } else if (quote === '"') {
      if (sign === '"') quote = undefined;
      else word = (word ?? "") + sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + sign;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}
