/**
 * Bounds what the YAML parser is given, so that no file takes long or overflows the stack: the parser recurses per level, and
 * each malformed token costs an error. One linear pass over the tokens. Pure.
 */
import { CST, Lexer } from "yaml";

/** Size limit of a file: 1 MiB. The largest public Kraftfiles have some 10 KiB. */
export const MAX_FILE_BYTES = 2 ** 20;
/** About 8,000 lines of `key: value`. */
const MAX_TOKENS = 40_000;
/** Levels of brackets, and of `- - -` on one line. */
const MAX_NESTING = 64;
/** Columns before the first word of a line, which bound the levels of indentation. */
const MAX_INDENTATION = 256;

/** A limit that the text exceeds, and the offset at which it does. */
export interface ExceededLimit {
  readonly offset: number;
  readonly message: string;
}

/** The first limit that the text exceeds; `undefined` if it may be parsed. */
export function findExceededLimit(text: string): ExceededLimit | undefined {
  if (text.length > MAX_FILE_BYTES)
    return { offset: 0, message: `the file has more than ${MAX_FILE_BYTES} characters.` };
  let tokens = 0;
  let offset = 0;
  let brackets = 0;
  let markersInLine = 0;
  let atLineStart = true;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    const type: string | null = isScalar ? "scalar-text" : CST.tokenType(lexeme);
    isScalar = type === "scalar";
    // These mark what follows and are not part of the text.
    if (type === "scalar" || type === "doc-mode" || type === "flow-error-end") continue;
    if (++tokens > MAX_TOKENS) return { offset, message: `the file has more than ${MAX_TOKENS} words and signs.` };
    if (type === "flow-map-start" || type === "flow-seq-start") brackets++;
    else if (type === "flow-map-end" || type === "flow-seq-end") brackets = Math.max(0, brackets - 1);
    else if (type === "seq-item-ind" || type === "explicit-key-ind" || type === "map-value-ind") markersInLine++;
    else if (type === "newline") markersInLine = 0;
    if (Math.max(brackets, markersInLine) > MAX_NESTING) {
      return { offset, message: `more than ${MAX_NESTING} levels are nested here.` };
    }
    if (atLineStart && type === "space" && lexeme.length > MAX_INDENTATION) {
      return { offset, message: `this line is indented by more than ${MAX_INDENTATION} columns.` };
    }
    atLineStart = type === "newline";
    offset += lexeme.length;
  }
  return undefined;
}
