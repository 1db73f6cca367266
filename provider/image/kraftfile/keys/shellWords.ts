/** Splits a command into words by the quoting rules of the POSIX shell, without execution. */

/** The words, or why the text cannot be split; `offset` is the index of the offending character. */
export type ShellWords =
  | {
      readonly words: readonly string[];
      /** The text has variables, which are empty. */
      readonly hasVariables: boolean;
    }
  | { readonly problem: string; readonly offset: number };

/** `$NAME`, a parameter such as `$1` or `$@`, `${NAME}`, or `${NAME:-text}`, whose text has no quotes or blanks. */
const VARIABLE = /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-]|\{[A-Za-z_]\w*(?::?-([^\s{}$`"'\\]*))?\})/y;

/**
 * Quotes and backslashes work as in the shell. Variables are empty, and `${NAME:-text}` is its text, as in the unikraft CLI. Other
 * syntax that needs a shell (command substitution, pipes, redirections, comments) is a problem, since passing it on literally would
 * silently change its meaning.
 *
 * Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting and 2.6.2 Parameter Expansion.
 */
export function splitShellWords(text: string): ShellWords {
  const words: string[] = [];
  let word: string | undefined;
  let quote: { mark: '"' | "'"; offset: number } | undefined;
  let hasVariables = false;
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
    } else if (char === "$" && matchVariable(text, at) !== undefined) {
      const [variable, fallback] = matchVariable(text, at) ?? [""];
      hasVariables = true;
      // An empty variable outside of quotes does not begin a word.
      if (fallback !== undefined && fallback !== "") word = (word ?? "") + fallback;
      at += variable.length - 1;
    } else if ((char === "$" && /[({]/.test(text.charAt(at + 1))) || char === "`") {
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
  return { words: word === undefined ? words : [...words, word], hasVariables };
}

/** The variable at an offset, and its default if it has one. */
function matchVariable(text: string, at: number): [variable: string, fallback?: string] | undefined {
  VARIABLE.lastIndex = at;
  const match = VARIABLE.exec(text);
  if (match === null) return undefined;
  return match[1] === undefined ? [match[0]] : [match[0], match[1]];
}
