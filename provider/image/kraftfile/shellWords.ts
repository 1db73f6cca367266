/** Splits a command into words by the quoting rules of the POSIX shell, without expansion or execution. */

/** The words, or why the text cannot be split; `offset` is the index of the offending character. */
export type ShellWords = { readonly words: readonly string[] } | { readonly problem: string; readonly offset: number };

/**
 * Quotes and backslashes work as in the shell. Syntax that needs a shell (variables, command substitution, pipes,
 * redirections, comments) is a problem, since passing it on literally would silently change its meaning.
 *
 * Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting.
 */
export function splitShellWords(text: string): ShellWords {
  const words: string[] = [];
  let word: string | undefined;
  let quote: { mark: '"' | "'"; offset: number } | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote?.mark === "'") {
      if (char === "'") quote = undefined;
      else word += char;
    } else if (char === "\\") {
      const next = text.charAt(++at);
      if (next === "") return { problem: "'cmd' ends with a lone backslash", offset: at - 1 };
      const isEscape = quote === undefined || '$`"\\\n'.includes(next);
      if (next === "\n") continue;
      word = (word ?? "") + (isEscape ? next : `\\${next}`);
    } else if (char === "$" || char === "`") {
      return { problem: `'${char}' needs a shell, but 'cmd' is not run by one`, offset: at };
    } else if (char === '"') {
      quote = quote === undefined ? { mark: '"', offset: at } : undefined;
      word ??= "";
    } else if (quote !== undefined) {
      word += char;
    } else if (char === "'") {
      quote = { mark: "'", offset: at };
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if ("|&;<>()".includes(char) || (char === "#" && word === undefined)) {
      return { problem: `'${char}' needs a shell, but 'cmd' is not run by one`, offset: at };
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) return { problem: `unclosed ${quote.mark} in 'cmd'`, offset: quote.offset };
  return { words: word === undefined ? words : [...words, word] };
}
