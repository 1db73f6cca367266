/** From a request's line and body to a route with parsed arguments. Pure. */
import * as z from "zod";
import { type Route, type RouteName, routes } from "../../contract/routes";
import type { Selector } from "../handlers/request";
import { bodiesOf, namesObjects } from "./parse/requestBodies";
import { explainIssues } from "./parse/issueMessages";
import { findForm } from "./parse/operationForms";
import { parseJson } from "./parse/json";
import { OLDER_IMAGES, olderImages } from "./parse/legacyImageList";
import { HttpRefusal } from "./response";
import { checkSelectors, fromEntries, fromQuery, type Named, type Parameter } from "./parse/selectors";
import { type Dialect, NEWEST } from "./dialect";

/** A request that fits a route. */
export interface Routed {
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
  readonly reshape: (items: readonly object[]) => readonly object[];
}

/** What came in. `body` is undefined when none was sent. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly target: string;
  readonly body: string | undefined;
}

const PLACES: Readonly<Partial<Record<RouteName, string>>> = {
  createInstance: "instance creation arguments",
  createService: "service group creation arguments",
  createVolume: "volume creation arguments",
  createCertificate: "certificate creation arguments",
};

/**
 * Finds the route and parses its arguments. Throws {@link HttpRefusal} 400, 404 or 405: whatever is malformed refuses the whole
 * request, before any item of it is looked at.
 *
 * Objects are named in the path, in the query or in the body; what the body names counts alone.
 */
export function route(request: RawRequest, dialect: Dialect = NEWEST): Routed {
  const { path, parameters } = readTarget(request.target);
  const keys = parameters.map(([key]) => key);
  const { form, path: values } = findForm(request.method, path, keys, dialect.forms);
  const found: Route = routes[form.name];
  const inPath = form.isOne && values["uuid"] !== undefined ? [{ uuid: values["uuid"] }] : [];
  const json = parseJson(request.body);
  const common = { name: form.name, dataKey: found.dataKey, path: values };
  const reshape = (items: readonly object[]): readonly object[] => items.map(dialect.item);
  const body = dialect.bodies[form.name] ?? found.body;

  if (body instanceof z.ZodUndefined) {
    if (form.path === OLDER_IMAGES) {
      const older = olderImages(parameters, json == null ? [] : fromEntries(json, false).parameters);
      const query = parseQuery(found, older.parameters);
      return { ...common, query, bodies: [undefined], selectors: [], reshape: older.reshape };
    }
    const { selectors, parameters: rest } = namedByRead(found, json, inPath, parameters);
    checkSelectors(selectors);
    return { ...common, query: parseQuery(found, rest), bodies: [undefined], selectors, reshape };
  }

  const named = namesObjects(body) ? fromQuery(parameters) : { selectors: [], parameters: [] };
  const given = [...inPath, ...named.selectors];
  checkSelectors(given);
  const [first, ...more] = bodiesOf(body, json, given, named.parameters);
  const place = PLACES[form.name] ?? "the request";
  return {
    ...common,
    query: parseQuery(found, namesObjects(body) ? [] : parameters),
    bodies: [parse(body, first, place), ...more.map((one) => parse(body, one, place))],
    selectors: [],
    reshape,
  };
}

function readTarget(target: string): { path: string; parameters: readonly Parameter[] } {
  // Not through URL: "//x" would name a host there. A proxy may send the whole URL (RFC 9112, section 3.2.2).
  const [path = "/", ...search] = target.replace(/^https?:\/\/[^/?]*/, "").split("?");
  // A base address that ends in `/v1` doubles it.
  return { path: path.replace(/^\/v1\/v1(?=\/)/, "/v1"), parameters: [...new URLSearchParams(search.join("?"))] };
}

/** What a request without a model for its body names. */
function namedByRead(
  found: Route,
  json: unknown,
  inPath: readonly Selector[],
  parameters: readonly Parameter[],
): Named {
  const takesSelectors = hasParameter(found.query, "uuid");
  const query = takesSelectors ? fromQuery(parameters) : { selectors: [], parameters };
  const isNothing = json == null || (Array.isArray(json) && json.length === 0);
  if (isNothing) return { selectors: [...inPath, ...query.selectors], parameters: query.parameters };
  if (!takesSelectors && !hasLists(found.query)) throw new HttpRefusal(400, "This request takes no body");
  const { selectors, parameters: asked } = fromEntries(json, takesSelectors);
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
function parseQuery({ query }: Route, parameters: readonly Parameter[]): unknown {
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
  return parse(query, Object.fromEntries(merged), "the query");
}

function parse(model: z.ZodType, input: unknown, place: string): unknown {
  const parsed = model.safeParse(input);
  if (parsed.success) return parsed.data;
  const { message, code } = explainIssues(parsed.error.issues, { input, name: place });
  throw new HttpRefusal(400, message, code);
}
