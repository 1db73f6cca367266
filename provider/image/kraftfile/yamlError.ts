/** What the YAML parser complains about, for people who do not know the grammar's words. Pure. */
import type { ErrorCode, YAMLError } from "yaml";

/** By the parser's own codes; each says what to do. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: "an escape in double quotes is not known; use single quotes, or write '\\\\' for a backslash",
  BAD_INDENT: "the indentation does not fit the lines above, or a bracket before this place is not closed",
  BAD_SCALAR_START: "a value cannot start with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a value and a key cannot share a line; check the indentation, or put the value in quotes",
  DUPLICATE_KEY: "this key is there twice; keep one of them",
  MISSING_CHAR: "something is missing here; look for a quote or bracket that is not closed, a ':' or a ','",
  MULTILINE_IMPLICIT_KEY: "a key and its ':' must be on one line; check the indentation and the ':' around it",
  MULTIPLE_DOCS: "a second document begins here; remove it and its '---'",
  TAB_AS_INDENT: "a tab cannot indent a line; use spaces",
  UNEXPECTED_TOKEN: "this cannot stand here; put it in quotes if it belongs to a value",
};

/** A clause without its full stop; errors that a Kraftfile hardly meets are told in the parser's words. */
export function explainYamlError({ code, message }: YAMLError): string {
  return ADVICE[code] ?? message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}
