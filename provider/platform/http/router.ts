/** From a request's line and body to a route with parsed arguments. Pure. */
import type { Selector } from "../lookup";
import { RequestError } from "../errors";
import * as z from "zod";
import { type Route, type RouteName, routes } from "../../contract/routes";

import { expandBodies, itemsHaveSelectors } from "./parse/requestBodies";
import { explainIssues } from "../validation/issueMessages";
import { matchRoute } from "./parse/routePatterns";
import { parseJson } from "./parse/json";
import { OLDER_IMAGE_LIST_PATH, parseOlderImageList } from "./parse/olderImageList";

import {
  assertValidSelectors,
  parseEntries,
  parseQuerySelectors,
  type SelectorsAndParameters,
  type QueryParameter,
} from "./parse/selectors";
import { type Dialect, NEWEST_DIALECT } from "./dialect";

/** A request that fits a route. */
export interface RoutedRequest {
  readonly name: RouteName;
  readonly dataKey: string | undefined;
  /** Without selectors. */
  readonly query: unknown;
  /** One for each call of the route's handler; its items name their objects, whatever named them in the request. */
  readonly bodies: readonly [unknown, ...unknown[]];
  /** Of a request without such a body. */
  readonly selectors: readonly Selector[];
  /** Parameters of the path. */
  readonly path: Readonly<Record<string, string>>;
  /** Items as the form of the request has them. */
  readonly encodeItems: (items: readonly object[]) => readonly object[];
}

/** What came in. `body` is undefined when none was sent. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly target: string;
  readonly body: string | undefined;
}

const BODY_NAMES: Readonly<Partial<Record<RouteName, string>>> = {
  createInstance: "instance creation arguments",
  createService: "service group creation arguments",
  createVolume: "volume creation arguments",
  createCertificate: "certificate creation arguments",
};

/**
 * Finds the route and parses its arguments. Throws {@link RequestError} 400, 404 or 405: whatever is malformed refuses the whole
 * request, before any item of it is looked at.
 *
 * Objects are named in the path, in the query or in the body; what the body names counts alone.
 */
export function routeRequest(request: RawRequest, dialect: Dialect = NEWEST_DIALECT): RoutedRequest {
  const { path, parameters } = parseTarget(request.target);
  const keys = parameters.map(([key]) => key);
  const { pattern: form, pathParameters: values } = matchRoute(request.method, path, keys, dialect.patterns);
  const found: Route = routes[form.name];
  const inPath = form.isOne && values["uuid"] !== undefined ? [{ uuid: values["uuid"] }] : [];
  const json = parseJson(request.body);
  const common = { name: form.name, dataKey: found.dataKey, path: values };
  const reshape = (items: readonly object[]): readonly object[] => items.map(dialect.encodeItem);
  const body = dialect.bodies[form.name] ?? found.body;

  if (body instanceof z.ZodUndefined) {
    if (form.path === OLDER_IMAGE_LIST_PATH) {
      const older = parseOlderImageList(parameters, json == null ? [] : parseEntries(json, false).parameters);
      const query = parseQuery(found, older.parameters);
      return { ...common, query, bodies: [undefined], selectors: [], encodeItems: older.encodeItems };
    }
    const { selectors, parameters: rest } = parseReadSelectors(found, json, inPath, parameters);
    assertValidSelectors(selectors);
    return { ...common, query: parseQuery(found, rest), bodies: [undefined], selectors, encodeItems: reshape };
  }

  const named = itemsHaveSelectors(body) ? parseQuerySelectors(parameters) : { selectors: [], parameters: [] };
  const given = [...inPath, ...named.selectors];
  assertValidSelectors(given);
  const [first, ...more] = expandBodies(body, json, given, named.parameters);
  const place = BODY_NAMES[form.name] ?? "the request";
  return {
    ...common,
    query: parseQuery(found, itemsHaveSelectors(body) ? [] : parameters),
    bodies: [parseWithModel(body, first, place), ...more.map((one) => parseWithModel(body, one, place))],
    selectors: [],
    encodeItems: reshape,
  };
}

function parseTarget(target: string): { path: string; parameters: readonly QueryParameter[] } {
  // Not through URL: "//x" would name a host there. A proxy may send the whole URL (RFC 9112, section 3.2.2).
  const [path = "/", ...search] = target.replace(/^https?:\/\/[^/?]*/, "").split("?");
  // A base address that ends in `/v1` doubles it.
  return { path: path.replace(/^\/v1\/v1(?=\/)/, "/v1"), parameters: [...new URLSearchParams(search.join("?"))] };
}

/** What a request without a model for its body names. */
function parseReadSelectors(
  found: Route,
  json: unknown,
  inPath: readonly Selector[],
  parameters: readonly QueryParameter[],
): SelectorsAndParameters {
  const takesSelectors = hasParameter(found.query, "uuid");
  const query = takesSelectors ? parseQuerySelectors(parameters) : { selectors: [], parameters };
  const isNothing = json == null || (Array.isArray(json) && json.length === 0);
  if (isNothing) return { selectors: [...inPath, ...query.selectors], parameters: query.parameters };
  if (!takesSelectors && !hasLists(found.query)) throw new RequestError(400, "This request takes no body");
  const { selectors, parameters: asked } = parseEntries(json, takesSelectors);
  const keys = new Set(asked.map(([key]) => key));
  return { selectors, parameters: [...query.parameters.filter(([key]) => !keys.has(key)), ...asked] };
}

const shapeOf = (model: z.ZodType): Readonly<Record<string, unknown>> =>
  model instanceof z.ZodObject ? model.shape : {};
const hasParameter = (model: z.ZodType, name: string): boolean => Object.hasOwn(shapeOf(model), name);
const isList = (field: unknown): boolean =>
  (field instanceof z.ZodOptional ? field.unwrap() : field) instanceof z.ZodArray;
const hasLists = (model: z.ZodType): boolean => Object.values(shapeOf(model)).some(isList);

/** Parameters that the model has as lists are merged from repeats and comma lists, of others the last counts. */
function parseQuery({ query }: Route, parameters: readonly QueryParameter[]): unknown {
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

function parseWithModel(model: z.ZodType, input: unknown, place: string): unknown {
  const parsed = model.safeParse(input);
  if (parsed.success) return parsed.data;
  const { message, code } = explainIssues(parsed.error.issues, { input, name: place });
  throw new RequestError(400, message, code);
}
