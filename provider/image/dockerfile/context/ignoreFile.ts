/**
 * Reads `.dockerignore`. A port of github.com/moby/patternmatcher 0.6.1 (`ignorefile.ReadAll` and `patternmatcher.New`), which
 * BuildKit and docker use.
 */
import * as path from "node:path";
import { type CompiledPattern, compilePattern, isWellFormed } from "./ignorePattern";

/** A line of an ignore file. */
export interface IgnorePattern {
  /** Cleaned, without `!`. */
  readonly text: string;
  /** Begins with `!`: includes again what an earlier pattern ignores. */
  readonly isException: boolean;
  readonly matches: CompiledPattern;
}

/** A line that is no valid pattern. */
export interface IgnoreProblem {
  /** Starts at 1. */
  readonly line: number;
  /** A sentence. */
  readonly message: string;
}

/** The white space of Go's `strings.TrimSpace`; JavaScript's differs by U+0085 and U+FEFF. */
const SPACE = "[\\t-\\r \\u0085\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]+";
const OUTER_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, "g");

/** The patterns of an ignore file in their order, and all problems. The builders refuse a file with a problem. */
export function parseIgnoreFile(text: string): {
  readonly patterns: readonly IgnorePattern[];
  readonly problems: readonly IgnoreProblem[];
} {
  const patterns: IgnorePattern[] = [];
  const problems: IgnoreProblem[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const parsed = raw.startsWith("#") ? undefined : parseLine(raw);
    if (parsed === undefined) continue;
    if ("message" in parsed) problems.push({ line: index + 1, message: parsed.message });
    else patterns.push(parsed);
  }
  return { patterns, problems };
}

function parseLine(raw: string): IgnorePattern | { readonly message: string } | undefined {
  const pattern = readLine(raw);
  if (pattern === "") return undefined;
  const isException = pattern.startsWith("!");
  const text = isException ? pattern.slice(1) : pattern;
  if (text === "") return { message: "'!' needs a pattern." };
  const matches = isWellFormed(text) ? compilePattern(text) : undefined;
  return matches === undefined ? { message: `'${trim(raw)}' is not a valid pattern.` } : { text, isException, matches };
}

/** The cleaned pattern of a line, with `!`. Cleaned a second time with it, as upstream does: `/!a` is an exception. */
function readLine(raw: string): string {
  const line = trim(raw);
  const isException = line.startsWith("!");
  let text = cleanPath(isException ? trim(line.slice(1)) : line);
  if (text.length > 1 && text.startsWith("/")) text = text.slice(1);
  return cleanPath(trim(isException ? `!${text}` : text));
}

const trim = (text: string): string => text.replace(OUTER_SPACE, "");

/** Go's `path.Clean`, but an empty text stays empty. */
function cleanPath(text: string): string {
  if (text === "") return "";
  const normal = path.posix.normalize(text);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
