/** Translates errors of the YAML parser for users who do not know the terms of the YAML grammar. Pure. */
import type { ErrorCode, YAMLError } from "yaml";

/** By the parser's error code; each text says what to do. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: "unknown escape in double quotes; use single quotes, or write '\\\\' for a backslash",
  BAD_INDENT: "the indentation does not match the lines above, or an earlier bracket is not closed",
  BAD_SCALAR_START: "a value cannot start with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a value and a key cannot share a line; check the indentation, or put the value in quotes",
  DUPLICATE_KEY: "duplicate key; keep one of them",
  MISSING_CHAR: "something is missing here; check for an unclosed quote or bracket, a missing ':' or ','",
  MULTILINE_IMPLICIT_KEY: "a key and its ':' must be on one line; check the indentation and the ':' nearby",
  MULTIPLE_DOCS: "a second document begins here; remove it and its '---'",
  TAB_AS_INDENT: "a tab cannot indent a line; use spaces",
  UNEXPECTED_TOKEN: "this is not allowed here; put it in quotes if it belongs to a value",
};

/** A clause without a full stop; rare errors keep the parser's wording. */
export function explainYamlError({ code, message }: YAMLError): string {
  return ADVICE[code] ?? message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}
