/** Arguments of operations with a body model. Converts every format that clients send to the model's. Pure. */
import * as z from "zod";
import type { Route, RouteName } from "../../../contract/routes";
import { RequestError } from "../../errors";
import type { Selector } from "../../lookup";
import { MAX_OBJECTS } from "../limits";
import { parseJson } from "./json";
import { toNewerSpelling } from "./olderSpellings";
import { assertValidSelectors, parseQuery, parseQuerySelectors, parseWithModel } from "./readArguments";
import { type ParsedArguments, type QueryParameter, type RawArguments, tooManyObjectsError } from "./selectors";

const BODY_NAMES: Readonly<Partial<Record<RouteName, string>>> = {
  createInstance: "instance creation arguments",
  createService: "service group creation arguments",
  createVolume: "volume creation arguments",
  createCertificate: "certificate creation arguments",
};

/** Parses the arguments of an operation with a body. Throws {@link RequestError} 400. */
export function parseBodyArguments(
  name: RouteName,
  route: Route,
  model: z.ZodType,
  { inPath, parameters, body }: RawArguments,
): ParsedArguments {
  const json = toNewerSpelling(name, parseJson(body));
  const named = itemsHaveSelectors(model) ? parseQuerySelectors(parameters) : { selectors: [], parameters: [] };
  const selectors = [...inPath, ...named.selectors];
  assertValidSelectors(selectors);
  const [first, ...more] = expandBodies(model, json, selectors, named.parameters);
  const place = BODY_NAMES[name] ?? "the request";
  return {
    query: parseQuery(route, itemsHaveSelectors(model) ? [] : parameters),
    bodies: [parseWithModel(model, first, place), ...more.map((one) => parseWithModel(model, one, place))],
    selectors: [],
  };
}

/** True if the shape has only the keys of a selector. */
const isSelectorShape = (shape: object): boolean => Object.keys(shape).every((key) => key === "uuid" || key === "name");

/** True if each item of the body names its object. */
function itemsHaveSelectors(body: z.ZodType): boolean {
  const item = body instanceof z.ZodArray ? body.element : body;
  if (item instanceof z.ZodUnion) return item.options.some((one) => one instanceof z.ZodObject && "uuid" in one.shape);
  return item instanceof z.ZodObject && isSelectorShape(item.shape);
}

/**
 * Expands a request to one or more bodies; the operation is called once for each. Throws {@link RequestError} 400 for too
 * many items, and for an item that names a different object than the path or query.
 *
 * - If the model is an array, a single object becomes an array of one.
 * - If the model is an object, an array becomes one call per entry.
 * - Selectors complete items that name no object. An item that names a different object is rejected: it is unclear which one
 *   is intended, and deleting the wrong one cannot be undone.
 * - Query parameters are defaults for the members of every item: older clients stop one instance with
 *   `PUT /v1/instances/{uuid}/stop?force=true`.
 *
 * @param selectors those of the path and the query
 * @param parameters the other query parameters
 */
export function expandBodies(
  model: z.ZodType,
  json: unknown,
  selectors: readonly Selector[],
  parameters: readonly QueryParameter[],
): readonly unknown[] {
  const takesArray = model instanceof z.ZodArray;
  if (json === undefined && selectors.length === 0) return [undefined];
  const entries: readonly unknown[] = json === undefined ? [{}] : Array.isArray(json) ? json : [json];
  const defaults = Object.fromEntries(parameters.map(([name, value]) => [name, parseQueryValue(value)]));
  const unnamed = selectors.length > 1 ? entries.filter(hasNoSelector).length : 0;
  const count = entries.length + unnamed * (selectors.length - 1);
  if (count > MAX_OBJECTS) throw tooManyObjectsError(count);
  const items = entries.flatMap((entry) => completeEntry(entry, selectors, defaults));
  if (takesArray) return [items];
  return items.length === 0 ? [json] : items;
}

const isItem = (entry: unknown): entry is object =>
  typeof entry === "object" && entry !== null && !Array.isArray(entry);

const hasNoSelector = (entry: unknown): boolean => isItem(entry) && !("uuid" in entry) && !("name" in entry);

const matchesSelector = (selector: Selector, entry: object): boolean =>
  Object.entries(selector).every(([key, value]) => Reflect.get(entry, key) === value);

function completeEntry(entry: unknown, selectors: readonly Selector[], defaults: object): readonly unknown[] {
  if (!isItem(entry)) return [entry];
  const item = { ...defaults, ...entry };
  if (
    selectors.length > 0 &&
    !hasNoSelector(entry) &&
    !selectors.some((selector) => matchesSelector(selector, entry))
  ) {
    throw new RequestError(400, "The body and the path or query name different objects", "NotBoth");
  }
  return selectors.length > 0 && hasNoSelector(entry)
    ? selectors.map((selector) => ({ ...selector, ...item }))
    : [item];
}

/** Converts a query parameter to a JSON value. */
function parseQueryValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
