/** Reads files of variables: `.env`, and those that `env_file` names. Pure. Source: Compose, "Syntax for environment files". */
import { InterpolationError, type Lookup, interpolate } from "./interpolate";

/** What is wrong in a file, without any value. */
export interface EnvFileProblem {
  /** From 1. */
  readonly line: number;
  /** A clause without full stop. */
  readonly clause: string;
}

/** The variables of a file. */
export interface EnvFile {
  readonly variables: ReadonlyMap<string, string>;
  readonly problems: readonly EnvFileProblem[];
}

const BLANK = /^\s*(?:#.*)?$/;
const START = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:([=:])[^\S\n]*|$)/;
/** What may follow a closing quote. */
const AFTER_QUOTE = /^\s*(?:#.*)?$/;

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", '"': '"', "\\": "\\" },
  // For the interpolation, which comes after it.
  $: "$$",
};

/**
 * Reads `NAME=value` lines. A value without quotes ends at ` #`; in single quotes it stays as it is; in double quotes `\n`, `\t` and
 * the like are characters. Values in quotes may span lines. Values that are not in single quotes are interpolated, with `lookup` before
 * the variables of the file. A name alone takes its value from `lookup`, if it has one.
 *
 * @param isRaw take everything after `=` as it is (`format: raw`)
 */
export function parseEnvFile(content: string, lookup: Lookup, isRaw = false): EnvFile {
  const lines = content
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .split("\n");
  const variables = new Map<string, string>();
  const problems: EnvFileProblem[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (BLANK.test(line)) continue;
    const first = index;
    const report = (clause: string): void => void problems.push({ line: first + 1, clause });
    const [start = "", name = "", separator] = START.exec(line) ?? [];
    if (name === "") {
      report("this is not NAME=value");
      continue;
    }
    if (separator === undefined) {
      const inherited = lookup(name);
      if (inherited !== undefined) variables.set(name, inherited);
      continue;
    }
    const rest = line.slice(start.length);
    if (isRaw) {
      variables.set(name, rest);
      continue;
    }
    const quote = /^["']/.exec(rest)?.[0];
    let value = rest.replace(/\s#.*$/, "").trimEnd();
    if (quote !== undefined) {
      const parts = [rest];
      let end = closingQuote(rest, quote, 1);
      while (end === undefined && index + 1 < lines.length) {
        index += 1;
        const part = lines[index] ?? "";
        parts.push(part);
        end = closingQuote(part, quote, 0);
      }
      if (end === undefined) {
        report("the quote at the start of the value is not closed");
        continue;
      }
      const last = parts.pop() ?? "";
      if (!AFTER_QUOTE.test(last.slice(end + 1))) {
        report("there is text after the closing quote");
        continue;
      }
      value = [...parts, last.slice(0, end)].join("\n").slice(1);
    }
    try {
      variables.set(
        name,
        valueOf(value, quote, (key) => lookup(key) ?? variables.get(key)),
      );
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      report(error.message);
    }
  }
  return { variables, problems };
}

function valueOf(value: string, quote: string | undefined, lookup: Lookup): string {
  if (quote === "'") return value.replaceAll("\\'", "'");
  const template = quote === '"' ? value.replace(/\\([abfnrtv"\\$])/g, (_, key: string) => ESCAPES[key] ?? "") : value;
  return interpolate(template, lookup).text;
}

/** Offset of the quote that ends the value in this line, from an offset; a backslash before a line break changes nothing. */
function closingQuote(line: string, quote: string, from: number): number | undefined {
  for (let at = from; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === quote) return at;
  }
  return undefined;
}
