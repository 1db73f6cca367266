/** From a request's line and body to a route with parsed arguments. Pure. */
import * as z from "zod";
import { type Route, type RouteName, routes } from "../../api/routes";
import type { Selector } from "../handlers/request";
import { explainIssues } from "./explainIssues";
import { HttpRefusal } from "./reply";

/** A request that fits a route. */
export interface Routed {
  readonly name: RouteName;
  readonly route: Route;
  readonly query: unknown;
  readonly body: unknown;
  readonly selectors: readonly Selector[];
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
};
/** What a position of a list stands for when an entry of a body array does not say. */
const ENTRY_DEFAULTS: Readonly<Record<string, string>> = {
  state: "running",
  timeout_s: "-1",
  offset: "-4096",
  limit: "4096",
};

const names = Object.keys(routes) as RouteName[]; // the keys of a constant table

/** Finds the route and parses its arguments. Throws {@link HttpRefusal} 400, 404 or 405. */
export function route(request: RawRequest): Routed {
  // Not through URL: "//x" would name a host there.
  const [path = "/", ...search] = request.target.split("?");
  const { name, pathUuid } = match(request.method, path);
  const found: Route = routes[name];
  const parameters = [...new URLSearchParams(search.join("?"))];
  const json = parseJson(request.body);
  const asArray = found.method === "GET" && Array.isArray(json) ? entries(json) : undefined;
  const selectors = [
    ...(pathUuid === undefined ? [] : [{ uuid: pathUuid }]),
    ...(asArray?.selectors ?? parameters.flatMap(([key, value]) => selectorsOf(key, value))),
  ];
  const rawQuery = mergeQuery(found.query, asArray === undefined ? parameters : [...parameters, ...asArray.parameters]);
  const rawBody = bodyOf(found, json, asArray !== undefined, pathUuid);
  const place = PLACES[name] ?? "the request";
  return {
    name,
    route: found,
    selectors,
    query: parse(found.query, rawQuery, "the query"),
    body: parse(found.body, rawBody, place),
  };
}

function match(method: string, path: string): { name: RouteName; pathUuid?: string } {
  const exact = names.filter((name) => routes[name].path === path);
  const byMethod = exact.find((name) => routes[name].method === method);
  if (byMethod !== undefined) return { name: byMethod };
  if (exact.length > 0) throw new HttpRefusal(405, `Method ${method} is not allowed for ${path}`);
  const slash = path.lastIndexOf("/");
  const parents = names.filter((name) => routes[name].path === path.slice(0, slash) && takesPathUuid(routes[name]));
  const byPath = parents.find((name) => routes[name].method === method);
  if (byPath !== undefined && slash < path.length - 1) return { name: byPath, pathUuid: decode(path.slice(slash + 1)) };
  if (parents.length > 0) throw new HttpRefusal(405, `Method ${method} is not allowed for ${path}`);
  throw new HttpRefusal(404, `No such endpoint: ${method} ${path}`);
}

/** `/v1/<type>/{uuid}`: the one object in place of a selector. */
const takesPathUuid = (one: Route): boolean =>
  (one.method === "GET" && one.query instanceof z.ZodObject && "details" in one.query.shape) || one.method === "DELETE";

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpRefusal(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function bodyOf(found: Route, json: unknown, isSelectorArray: boolean, pathUuid: string | undefined): unknown {
  if (isSelectorArray) return undefined;
  if (found.method === "DELETE" && pathUuid !== undefined && json === undefined) return [{ uuid: pathUuid }];
  if (found.body instanceof z.ZodUndefined && json !== undefined)
    throw new HttpRefusal(400, "This request takes no body but an array of selectors");
  return json;
}

const selectorsOf = (key: string, value: string): Selector[] =>
  key !== "uuid" && key !== "name"
    ? []
    : value
        .split(",") // an empty one names nothing that exists, and must not turn one object into all of them
        .map((one) => (key === "uuid" ? { uuid: one } : { name: one }));

/** A selector array in the body of a GET: what its entries name, and their other members as lists by position. */
function entries(array: readonly unknown[]): { selectors: Selector[]; parameters: [string, string][] } {
  const parsed = z.array(z.record(z.string(), z.union([z.string(), z.number()]))).safeParse(array);
  if (!parsed.success) throw new HttpRefusal(400, "The body must be an array of objects with 'uuid' or 'name'");
  const extra = [...new Set(parsed.data.flatMap((entry) => Object.keys(entry)))].filter(
    (key) => key !== "uuid" && key !== "name",
  );
  const selectors = parsed.data.map(({ uuid, name }): Selector => {
    if (uuid !== undefined && name !== undefined)
      throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given, not both");
    if (uuid !== undefined) return { uuid: String(uuid) };
    if (name !== undefined) return { name: String(name) };
    throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given");
  });
  const parameters = parsed.data.flatMap((entry) =>
    extra.map((key): [string, string] => [key, String(entry[key] ?? ENTRY_DEFAULTS[key] ?? "")]),
  );
  return { selectors, parameters };
}

/** Parameters by name: those that the model has as lists are merged from repeats and comma lists, of others the last counts. */
function mergeQuery(
  model: z.ZodType,
  parameters: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const merged: Record<string, string | string[]> = {};
  for (const [key, value] of parameters) {
    const before = merged[key];
    merged[key] = isList(model, key) ? [...(Array.isArray(before) ? before : []), ...value.split(",")] : value;
  }
  return merged;
}

function isList(model: z.ZodType, key: string): boolean {
  const field: unknown = model instanceof z.ZodObject && Object.hasOwn(model.shape, key) ? model.shape[key] : undefined;
  return (field instanceof z.ZodOptional ? field.unwrap() : field) instanceof z.ZodArray;
}

function parse(model: z.ZodType, input: unknown, place: string): unknown {
  const parsed = model.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new HttpRefusal(400, explainIssues(parsed.error.issues, input, place));
}
