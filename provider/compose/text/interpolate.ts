/** Replaces variables in a value, as the Compose specification says ("Interpolation"). Pure. */

/** Value of a variable; `undefined` if it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A value after interpolation. */
export interface Interpolated {
  readonly text: string;
  /** Names of the variables whose values are part of the text. */
  readonly used: readonly string[];
  /** Names of variables without a value and without a default; each is replaced by nothing. */
  readonly unset: readonly string[];
}

/** Why a value cannot be interpolated, as a clause without the value. */
export class InterpolationError extends Error {}

/** A variable in braces: its name, and the operator after it. */
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
/** Variables in the defaults of others. Nobody writes more, and each is a call within another. */
const MAX_DEPTH = 32;

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`, `${NAME?error}`, `${NAME:+other}` and
 * `${NAME+other}`; `$$` is a dollar sign, and so is `$` before anything else, as for compose-go. Defaults may contain variables.
 *
 * Throws `InterpolationError` for braces with anything else in them, for more than 32 within each other, and where `?` finds no value.
 */
export const interpolate = (template: string, lookup: Lookup): Interpolated => interpolateAt(0, template, lookup);

function interpolateAt(depth: number, template: string, lookup: Lookup): Interpolated {
  if (depth > MAX_DEPTH) fail(`more than ${MAX_DEPTH} variables stand within each other`);
  const used: string[] = [];
  const unset: string[] = [];
  let text = "";
  let at = 0;
  for (;;) {
    const dollar = template.indexOf("$", at);
    if (dollar < 0) return { text: text + template.slice(at), used, unset };
    text += template.slice(at, dollar);
    const rest = template.slice(dollar + 1);
    if (rest.startsWith("$")) {
      text += "$";
      at = dollar + 2;
    } else if (rest.startsWith("{")) {
      const end = closingBrace(template, dollar + 2);
      const value = substitute(depth + 1, template.slice(dollar + 2, end), lookup);
      text += value.text;
      used.push(...value.used);
      unset.push(...value.unset);
      at = end + 1;
    } else {
      const name = NAME.exec(rest)?.[0];
      const value = name === undefined ? "$" : lookup(name);
      if (name !== undefined) (value === undefined ? unset : used).push(name);
      text += value ?? "";
      at = dollar + 1 + (name ?? "").length;
    }
  }
}

/** The value of what is between braces. */
function substitute(depth: number, inner: string, lookup: Lookup): Interpolated {
  const [start, name = "", operator] =
    BRACED.exec(inner) ?? fail(`'\${' is not followed by a variable; write \${NAME}, and $$ for a dollar sign`);
  const argument = inner.slice(start.length);
  const value = lookup(name);
  const own = value === undefined ? { text: "", used: [], unset: [name] } : { text: value, used: [name], unset: [] };
  if (operator === undefined) {
    if (argument !== "") fail(`'${name}' in braces is followed by something else than -, :-, ?, :?, + or :+`);
    return own;
  }
  const isPresent = value !== undefined && (value !== "" || !operator.startsWith(":"));
  if (operator.endsWith("+"))
    return isPresent ? interpolateAt(depth, argument, lookup) : { text: "", used: [], unset: [] };
  if (isPresent) return own;
  if (operator.endsWith("-")) return interpolateAt(depth, argument, lookup);
  const reason = interpolateAt(depth, argument, lookup).text;
  return fail(`the variable ${name} is required${reason === "" ? "; set it" : `: ${reason}`}`);
}

/** Offset of the brace that ends the one before `from`. */
function closingBrace(template: string, from: number): number {
  let depth = 1;
  for (let at = from; at < template.length; at++) {
    if (template.startsWith("$$", at)) at++;
    else if (template.startsWith("${", at)) {
      depth++;
      at++;
    } else if (template[at] === "}" && --depth === 0) return at;
  }
  return fail("'${' is not closed; add '}'");
}

function fail(clause: string): never {
  throw new InterpolationError(clause);
}
