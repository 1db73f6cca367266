/** Whether the texts of a readiness probe are valid. Pure; used before a request is sent and by the server that receives it. */
import * as http from "node:http";
import type { JSONPathQuery } from "json-p3";
import { errorMessage } from "../../base/errors";

/** Compiles a JSONPath query (RFC 9535). Throws for an invalid one. Loads the package only now: most probes have no query. */
export function compileJsonPath(query: string): JSONPathQuery {
  const { compile } = require("json-p3") as typeof import("json-p3");
  return compile(query);
}

/** Compiles a regular expression of JavaScript, in Unicode mode. Throws for an invalid one. */
export const compilePattern = (pattern: string): RegExp => new RegExp(pattern, "u");

function problemOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Why a text is not a JSONPath query (RFC 9535), as a clause; `undefined` if it is one. */
export function jsonPathProblem(query: string): string | undefined {
  const problem = problemOf(() => compileJsonPath(query));
  return problem === undefined ? undefined : `is not a JSONPath query: ${problem}`;
}

/** Why a text is not a regular expression, as a clause; `undefined` if it is one. */
export function patternProblem(pattern: string): string | undefined {
  const problem = problemOf(() => compilePattern(pattern));
  return problem === undefined ? undefined : `is not a regular expression: ${problem}`;
}

/** Headers that frame the message or its connection, so that a probe cannot set them. */
const FRAMING_HEADERS: readonly string[] = ["connection", "content-length", "transfer-encoding", "upgrade", "expect"];

/** Why a header cannot be sent, as a clause without its value; `undefined` if it can. */
export function headerProblem(name: string, value: string): string | undefined {
  if (problemOf(() => http.validateHeaderName(name)) !== undefined) return "is not the name of a header";
  if (FRAMING_HEADERS.includes(name.toLowerCase())) return "is a header that a probe cannot set";
  if (problemOf(() => http.validateHeaderValue(name, value)) !== undefined)
    return "has a value with characters that a header cannot have";
  return undefined;
}

/** Why a text is not the target of a request, as a clause; `undefined` if it is one. Source: RFC 9112, section 3.2.1. */
export const pathProblem = (path: string): string | undefined =>
  /^\/[\x21-\x22\x24-\x7e]*$/.test(path)
    ? undefined
    : "must start with '/' and have no spaces, '#' and non-ASCII characters";
