/** Parses a JSON body. Pure. */
import { RequestError } from "../../errors";
import { MAX_JSON_DEPTH } from "../limits";

/**
 * Parses the text; `undefined` if there is no body. Throws {@link RequestError} 400 for invalid JSON or too deep
 * nesting.
 */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Report only the position: V8's message quotes the text, which may contain a secret.
    const place = /at position \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    throw new RequestError(400, `The body is not JSON${place === undefined ? "" : ` (${place})`}`);
  }
  if (isDeeperThan(value, MAX_JSON_DEPTH))
    throw new RequestError(400, `The body is nested more than ${MAX_JSON_DEPTH} levels deep`);
  return value;
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((one) => isDeeperThan(one, depth - 1));
}
