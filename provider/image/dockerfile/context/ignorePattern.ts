/**
 * Compiles one pattern of an ignore file. A port of `Pattern.compile` and `Pattern.match` of github.com/moby/patternmatcher
 * 0.6.1, including what looks like mistakes there: the builders behave that way.
 */

/** True if the pattern matches a path: relative, with `/`, without `/` at the ends. */
export type CompiledPattern = (path: string) => boolean;

/** Special in regular expressions only. Upstream means to escape `{`, `|` and `}` too, but does not. */
const ESCAPED = new Set(".+()$");

/** Escapes that Go and JavaScript both know, with one meaning. */
const ESCAPE = /^\\[\0- !-/:-@[-`{-\x7fdDsSwWfnrtv]/;

/** One character of Go, which may be two of JavaScript, except `/`. Classes such as `[:alpha:]` do not work: nobody needs them. */
const ANY_CHARACTER = "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^/])";

/** `exact`, `prefix` and `suffix` compare texts; the last two are the patterns `text**` and `**text`. */
type MatchType = "exact" | "prefix" | "suffix" | "expression";

/** Compiles a cleaned, non-empty pattern. `undefined` if it forms no valid expression, such as `[b-a]`. */
export function compilePattern(pattern: string): CompiledPattern | undefined {
  const { type, expression } = translate(pattern);
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
      // As Go's, an expression with the flag is about code points; without it, fewer characters need a backslash, as in Go.
      const compiled = compileExpression(expression, "u") ?? compileExpression(expression, "");
      return compiled === undefined ? undefined : (path) => compiled.test(path);
    }
    default:
      return type satisfies never;
  }
}

function compileExpression(expression: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(expression, flags);
  } catch {
    return undefined;
  }
}

function translate(pattern: string): { readonly type: MatchType; readonly expression: string } {
  let type: MatchType = "exact";
  let expression = "^";
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i] ?? "";
    if (character === "*" && characters[i + 1] === "*") {
      const isFirst = i === 0;
      i += characters[i + 2] === "/" ? 2 : 1; // the slash belongs to the stars
      if (i + 1 < characters.length) {
        expression += "([^\\n]*/)?";
        type = "expression";
      } else if (type === "exact") type = "prefix";
      else {
        expression += "[^\\n]*";
        type = "expression";
      }
      if (isFirst) type = "suffix";
    } else if (character === "*") {
      expression += "[^/]*";
      type = "expression";
    } else if (character === "?") {
      expression += expression.includes("[") ? "[^/]" : ANY_CHARACTER; // within a class, it extends the class
      type = "expression";
    } else if (ESCAPED.has(character)) expression += `\\${character}`;
    else if (character === "\\") {
      i += 1;
      expression += `\\${characters[i] ?? ""}`;
      type = "expression";
    } else {
      expression += character;
      if (character === "[" || character === "]") type = "expression";
    }
  }
  return { type, expression: `${expression}$` };
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
