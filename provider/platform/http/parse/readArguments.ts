/** Arguments of operations without a body model: reads, whose objects the path, query or body names. Pure. */
import * as z from "zod";
import type { Route } from "../../../contract/routes";
import { RequestError } from "../../errors";
import type { Selector } from "../../lookup";
import { explainIssues } from "../../validation/issueMessages";
import { MAX_OBJECTS } from "../limits";
import { parseJson } from "./json";
import {
  parseEntries,
  type ParsedArguments,
  type QueryParameter,
  type RawArguments,
  type SelectorsAndParameters,
  tooManyObjectsError,
} from "./selectors";

/** Parses the arguments of a read. If the body names objects, only those count. Throws {@link RequestError} 400. */
export function parseReadArguments(route: Route, { inPath, parameters, body }: RawArguments): ParsedArguments {
  const json = body === undefined ? undefined : parseJson(body);
  const named = parseReadSelectors(route, json, inPath, parameters);
  assertValidSelectors(named.selectors);
  return { query: parseQuery(route, named.parameters), bodies: [undefined], selectors: named.selectors };
}

/** The selectors and parameters of a read. */
function parseReadSelectors(
  route: Route,
  json: unknown,
  inPath: readonly Selector[],
  parameters: readonly QueryParameter[],
): SelectorsAndParameters {
  const takesSelectors = hasParameter(route.query, "uuid");
  const query = takesSelectors ? parseQuerySelectors(parameters) : { selectors: [], parameters };
  const given = [...inPath, ...query.selectors];
  if (isEmptyBody(json)) return { selectors: given, parameters: query.parameters };
  // Older clients name a policy in the body; its service is in the path.
  const takesNames = takesSelectors || route.dataKey === "policies";
  if (!takesNames && !hasLists(route.query)) throw new RequestError(400, "This request takes no body");
  const { selectors, parameters: bodyParameters } = parseEntries(json, takesNames, given);
  const keys = new Set(bodyParameters.map(([key]) => key));
  return { selectors, parameters: [...query.parameters.filter(([key]) => !keys.has(key)), ...bodyParameters] };
}

/** No entry, or one that says nothing. */
const isEmptyBody = (json: unknown): boolean =>
  json == null || (typeof json === "object" && Object.keys(json).length === 0);

/** Selectors of a query, from repeated parameters and comma-separated lists, in order. */
export function parseQuerySelectors(parameters: readonly QueryParameter[]): SelectorsAndParameters {
  const isSelector = ([key]: QueryParameter): boolean => key === "uuid" || key === "name";
  return {
    selectors: parameters
      .filter(isSelector)
      .flatMap(([key, value]) => value.split(",").map((one) => (key === "uuid" ? { uuid: one } : { name: one }))),
    parameters: parameters.filter((parameter) => !isSelector(parameter)),
  };
}

/** Throws {@link RequestError} 400 for an empty selector, and for more than {@link MAX_OBJECTS}. */
export function assertValidSelectors(selectors: readonly Selector[]): void {
  if (selectors.length > MAX_OBJECTS) throw tooManyObjectsError(selectors.length);
  for (const selector of selectors) {
    const [[key, value] = ["uuid", ""]] = Object.entries(selector);
    if (value === "") throw new RequestError(400, `'${key}' must have at least 1 character(s)`, "Invalid");
  }
}

const shapeOf = (model: z.ZodType): Readonly<Record<string, unknown>> =>
  model instanceof z.ZodObject ? model.shape : {};
const hasParameter = (model: z.ZodType, name: string): boolean => Object.hasOwn(shapeOf(model), name);
const isList = (field: unknown): boolean =>
  (field instanceof z.ZodOptional ? field.unwrap() : field) instanceof z.ZodArray;
const hasLists = (model: z.ZodType): boolean => Object.values(shapeOf(model)).some(isList);

/**
 * Parses a query with the route's model. A list parameter may be repeated and comma-separated; of any other parameter
 * the last value counts.
 */
export function parseQuery({ query }: Route, parameters: readonly QueryParameter[]): unknown {
  const merged = new Map<string, string | string[]>();
  for (const [key, value] of parameters) {
    const list = merged.get(key) ?? [];
    if (Array.isArray(list) && hasParameter(query, key) && isList(shapeOf(query)[key])) {
      list.push(...value.split(","));
      merged.set(key, list);
    } else {
      merged.set(key, value);
    }
  }
  return parseWithModel(query, Object.fromEntries(merged), "the query");
}

/** Parses a value with a model. Throws {@link RequestError} 400 with the first problem and its place. */
export function parseWithModel<T>(model: z.ZodType<T>, input: unknown, place: string): T {
  const parsed = model.safeParse(input);
  if (parsed.success) return parsed.data;
  const { message, code } = explainIssues(parsed.error.issues, { input, name: place });
  throw new RequestError(400, message, code);
}
