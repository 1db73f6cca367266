/** The ways in which each operation can be written, and which of them a request is. Pure. */
import { RequestError } from "../../errors";
import * as z from "zod";
import { type Method, type Route, type RouteName, routes } from "../../../contract/routes";

import { abbreviate } from "../../validation/describeValue";

/** One way to write an operation. */
export interface RoutePattern {
  readonly name: RouteName;
  readonly method: Method;
  /** With parameters in braces. */
  readonly path: string;
  /** The path names one object in place of a selector. */
  readonly isOne: boolean;
}

/** A form and what its parameters stand for. */
export interface RouteMatch {
  readonly pattern: RoutePattern;
  readonly pathParameters: Readonly<Record<string, string>>;
}

const routeNames = Object.keys(routes) as RouteName[]; // the keys of a constant table

/** Every form of every operation: for many objects, for one, and both as older clients write them. */
export const ROUTE_PATTERNS: readonly RoutePattern[] = routeNames.flatMap((name) => {
  const { method, path, singleObjectPath: one, olderEndpoints: older = [] }: Route = routes[name];
  return [{ method, path }, ...older].flatMap((way): RoutePattern[] => [
    { name, ...way, isOne: false },
    ...(one === undefined
      ? []
      : [{ name, method: way.method, path: singleObjectPath(one, path, way.path), isOne: true }]),
  ]);
});

/** An older last word (`logs` for `log`) is an older last word of the form for one object too. */
function singleObjectPath(one: string, path: string, older: string): string {
  const lastWord = (text: string): string => text.slice(text.lastIndexOf("/"));
  return one.endsWith(lastWord(path)) ? one.slice(0, -lastWord(path).length) + lastWord(older) : one;
}

/**
 * The form of a request. What is written out wins over a parameter in its place: `/v1/instances/wait` is no instance. Where the
 * metro and its control plane have the same path, the operation that knows the query's parameters is meant.
 *
 * Throws {@link RequestError} 404 or 405.
 *
 * @param parameters names of the query's parameters
 * @param patterns those that this server knows
 */
export function matchRoute(
  method: string,
  path: string,
  parameters: readonly string[],
  patterns: readonly RoutePattern[] = ROUTE_PATTERNS,
): RouteMatch {
  const words = path.split("/");
  const matching = patterns.filter((form) => matchesTemplate(form.path.split("/"), words));
  const pattern = matching.map(specificityKey).sort()[0];
  const atPath = matching.filter((form) => specificityKey(form) === pattern);
  const candidates = atPath.filter((form) => form.method === method);
  const form = candidates.find(({ name }) => hasAllParameters(routes[name].query, parameters)) ?? candidates[0];
  if (form !== undefined) return { pattern: form, pathParameters: parsePathParameters(form.path, words) };
  if (atPath.length === 0) throw new RequestError(404, `No such endpoint: ${method} ${abbreviate(path)}`);
  const allowed = [...new Set(atPath.map((one) => one.method))];
  const message = `Method ${method} is not allowed for ${abbreviate(path)}, but ${allowed.join(", ")}`;
  throw new RequestError(405, message, "WrongMethod", allowed);
}

const isParameter = (word: string): boolean => word.startsWith("{");

const matchesTemplate = (template: readonly string[], words: readonly string[]): boolean =>
  template.length === words.length &&
  template.every((part, index) => (isParameter(part) ? words[index] !== "" : words[index] === part));

/** Sorts what is written out before what is a parameter, word by word. */
const specificityKey = ({ path }: RoutePattern): string =>
  path
    .split("/")
    .map((word) => (isParameter(word) ? "1" : "0"))
    .join("");

const parsePathParameters = (template: string, words: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    template
      .split("/")
      .flatMap((part, index) => (isParameter(part) ? [[part.slice(1, -1), decodeSegment(words[index] ?? "")]] : [])),
  );

const hasAllParameters = (query: z.ZodType, parameters: readonly string[]): boolean =>
  query instanceof z.ZodObject && parameters.every((name) => Object.hasOwn(query.shape, name));

/** What is wrongly encoded stands for itself: it will be no uuid. */
function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
