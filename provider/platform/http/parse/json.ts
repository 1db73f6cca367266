/** Parses a JSON body. Pure. */
import { RequestError } from "../../errors";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "../limits";

/**
 * Parses the text; `undefined` if there is no body. Throws {@link RequestError} 400 for invalid JSON, too deep nesting or too
 * many values.
 */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return undefined;
  assertWithinLimits(text);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Report only the position: V8's message quotes the text, which may contain a secret.
    const place = /at position \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    throw new RequestError(400, `The body is not JSON${place === undefined ? "" : ` (${place})`}`);
  }
}

/**
 * Counts before anything is parsed: an object of hundreds of thousands of members alone takes seconds, in which nobody else is
 * served. Outside of strings, a text has no more values than it has commas and opening brackets, plus one.
 */
function assertWithinLimits(text: string): void {
  let [values, depth] = [1, 0];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === "]" || char === "}") depth--;
    else if (char === "[" || char === "{") {
      values++;
      depth++;
    } else if (char === ",") values++;
    if (depth > MAX_JSON_DEPTH)
      throw new RequestError(400, `The body is nested more than ${MAX_JSON_DEPTH} levels deep`);
    if (values > MAX_JSON_VALUES)
      throw new RequestError(400, `The body has more than ${MAX_JSON_VALUES} values`, "TooMany");
  }
}

/** Index of the quotation mark that ends a string; of the last character where none does, which is no JSON. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length - 1;
}
