/**
 * Compiles one pattern of an ignore file. A port of `Pattern.compile` and `Pattern.match` of github.com/moby/patternmatcher
 * 0.6.1, including what looks like mistakes there: the builders behave that way.
 */

import { type GlobToken, matchesTokens } from "./globMatcher";

/** True if the pattern matches a path: relative, with `/`, without `/` at the ends. */
export type CompiledPattern = (path: string) => boolean;

/** Special in regular expressions only. Upstream means to escape `{`, `|` and `}` too, but does not. */
const ESCAPED = new Set(".+()$");

/** Escapes that Go and JavaScript both know, with one meaning. */
const ESCAPE = /^\\[\0- !-/:-@[-`{-\x7fdDsSwWfnrtv]/;

/** `exact`, `prefix` and `suffix` compare texts; the last two are the patterns `text**` and `**text`. */
type MatchType = "exact" | "prefix" | "suffix" | "expression";

/** Compiles a cleaned, non-empty, well-formed pattern. `undefined` if it forms no valid expression, such as `[b-a]`. */
export function compilePattern(pattern: string): CompiledPattern | undefined {
  const { type, expression, tokens } = translate(pattern);
  switch (type) {
    case "exact":
      return (path) => path === pattern;
    case "prefix":
      return (path) => path.startsWith(pattern.slice(0, -2));
    case "suffix": {
      const suffix = pattern.slice(2);
      return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
    }
    case "expression": {
      const compiled = compileExpression(expression);
      if (compiled === undefined) return undefined;
      return tokens === undefined ? (path) => compiled.test(path) : (path) => matchesTokens(tokens, path);
    }
    default:
      return type satisfies never;
  }
}

/** As Go's, an expression with the flag is about code points; without it, fewer characters need a backslash, as in Go. */
function compileExpression(expression: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(expression, flags);
    } catch {
      // the other flags, or none
    }
  }
  return undefined;
}

/** A token for a character class or an escape, in the notation of expressions. */
function toToken(source: string): GlobToken {
  const one = compileExpression(`^(?:${source})$`);
  return { accepts: (character) => one?.test(character) === true };
}

/**
 * A class that means the same in an expression: no wildcard, which would be replaced within it, and no other bracket. Classes such
 * as `[:alpha:]` do not work.
 */
const PLAIN_CLASS = /^\[\^?(?:\\.|[^\\[\]*?])+\]/su;

/** The expression that upstream forms, and the same as tokens; `undefined` where it has an operator that a token cannot have. */
function translate(pattern: string): {
  readonly type: MatchType;
  readonly expression: string;
  readonly tokens: readonly GlobToken[] | undefined;
} {
  let type: MatchType = "exact";
  let expression = "^";
  const tokens: GlobToken[] = [];
  let hasOperator = false;
  let rest = pattern;
  const take = (length: number): string => {
    const taken = rest.slice(0, length);
    rest = rest.slice(length);
    return taken;
  };
  const add = (source: string, token: GlobToken): void => {
    expression += source;
    tokens.push(token);
  };
  while (rest !== "") {
    const [character = ""] = rest;
    const plainClass = PLAIN_CLASS.exec(rest)?.[0];
    if (rest.startsWith("**")) {
      const isFirst = rest === pattern;
      take(rest.startsWith("**/") ? 3 : 2); // the slash belongs to the stars
      if (rest !== "") {
        add("([^\\n]*/)?", "folders");
        type = "expression";
      } else if (type === "exact") type = "prefix";
      else {
        add("[^\\n]*", "rest");
        type = "expression";
      }
      if (isFirst) type = "suffix";
      continue;
    }
    if (plainClass !== undefined) {
      const source = take(plainClass.length).replace(/\\.|[.+()$]/gsu, (part) =>
        part.length > 1 ? part : `\\${part}`,
      );
      add(source, toToken(source));
      type = "expression";
      continue;
    }
    take(character.length);
    if (character === "*") {
      add("[^/]*", "star");
      type = "expression";
    } else if (character === "?") {
      add("[^/]", { accepts: (other) => other !== "/" });
      type = "expression";
    } else if (character === "\\") {
      const [escaped = ""] = rest;
      add(`\\${take(escaped.length)}`, toToken(`\\${escaped}`));
      type = "expression";
    } else {
      if (character === "[" || character === "]") type = "expression";
      hasOperator ||= "[{|}^".includes(character);
      add(ESCAPED.has(character) ? `\\${character}` : character, { accepts: (other) => other === character });
    }
  }
  return { type, expression: `${expression}$`, tokens: hasOperator ? undefined : tokens };
}

/**
 * The syntax check of Go's `filepath.Match`: every `[` begins a class with at least one range, and no `\` is last. Stricter in two
 * points: it also checks what follows a star, and a `\` must precede punctuation or one of the few letters that Go's and
 * JavaScript's expressions both know.
 */
export function isWellFormed(pattern: string): boolean {
  let rest = pattern;
  while (rest !== "") {
    const [character] = rest;
    if (character === "[") {
      const after = afterClass(rest.slice(1));
      if (after === undefined) return false;
      rest = after;
    } else if (character === "\\") {
      if (!ESCAPE.test(rest)) return false;
      rest = rest.slice(2);
    } else rest = rest.slice(1);
  }
  return true;
}

/** What follows a character class whose `[` has been read; `undefined` if the class is malformed. */
function afterClass(text: string): string | undefined {
  let rest = text.startsWith("^") ? text.slice(1) : text;
  for (let ranges = 0; ; ranges += 1) {
    if (rest.startsWith("]") && ranges > 0) return rest.slice(1);
    const low = afterRangeEnd(rest);
    if (low === undefined) return undefined;
    const high = low.startsWith("-") ? afterRangeEnd(low.slice(1)) : low;
    if (high === undefined) return undefined;
    rest = high;
  }
}

/** What follows one end of a range, which must leave something for the `]`. Source: Go, `path/filepath`, `getEsc`. */
function afterRangeEnd(text: string): string | undefined {
  if (text === "" || text.startsWith("-") || text.startsWith("]")) return undefined;
  if (text.startsWith("\\") && !ESCAPE.test(text)) return undefined;
  const character = text.startsWith("\\") ? text.slice(1) : text;
  const rest = [...character].slice(1).join("");
  return character === "" || rest === "" ? undefined : rest;
}
