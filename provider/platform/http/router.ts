/** Finds the operation of a request by method, path and query, and parses its arguments. Pure. */
import * as z from "zod";
import { type Route, type RouteName, routes } from "../../contract/routes";
import { RequestError } from "../errors";
import { abbreviate } from "../validation/describeValue";
import { type Dialect, NEWEST_DIALECT } from "./dialect";
import { parseBodyArguments } from "./parse/bodyArguments";
import { parseOlderImageList } from "./parse/olderImageList";
import { parseOneImagePath, toOlderImage } from "./parse/olderImage";
import { parseReadArguments } from "./parse/readArguments";
import type { ParsedArguments, QueryParameter } from "./parse/selectors";
import { OLDER_IMAGE_LIST_PATH, type RoutePattern } from "./routePatterns";

/** A request that matches a route. */
export interface RoutedRequest extends ParsedArguments {
  readonly name: RouteName;
  /** Member of the response's `data` that holds the items; `undefined`: the only item is the data. */
  readonly dataKey: string | undefined;
  /** Parameters of the path. */
  readonly path: Readonly<Record<string, string>>;
}

/** A request as received. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly target: string;
  /** `undefined`: the request has no body. */
  readonly body: string | undefined;
}

/**
 * Finds the route and parses the arguments. Throws {@link RequestError} 400, 404 or 405: a malformed request is rejected as a
 * whole, before any of its items is handled.
 *
 * Objects are named in the path, the query or the body. If the body names objects, only those count.
 */
export function routeRequest({ method, target, body }: RawRequest, dialect: Dialect = NEWEST_DIALECT): RoutedRequest {
  const { path, parameters, isOneImage } = parseTarget(target);
  const keys = parameters.map(([key]) => key);
  const { pattern, pathParameters } = matchRoute(method, path, keys, dialect.patterns);
  const route: Route = routes[pattern.name];
  const { name } = pattern;
  const { dataKey } = route;
  const { uuid } = pathParameters;
  const inPath = pattern.isOne && uuid !== undefined ? [{ uuid }] : [];
  const bodyModel = dialect.bodies[name] ?? route.body;
  const parsed = !(bodyModel instanceof z.ZodUndefined)
    ? parseBodyArguments(name, route, bodyModel, { inPath, parameters, body })
    : pattern.path === OLDER_IMAGE_LIST_PATH
      ? parseOlderImageList(route, parameters, body)
      : parseReadArguments(route, { inPath, parameters, body });
  return isOneImage
    ? { name, dataKey: undefined, path: pathParameters, ...parsed, encodeItems: toOlderImage }
    : { name, dataKey, path: pathParameters, ...parsed };
}

/** The older forms of reading one image are below it. */
const IMAGES_PATH = "/v1/images";

/** A request line's path and query. */
interface Target {
  readonly path: string;
  readonly parameters: readonly QueryParameter[];
  /** True for the older form of a read of one image, whose answer has a form of its own. */
  readonly isOneImage: boolean;
}

function parseTarget(target: string): Target {
  // Not with URL, which would read "//x" as a host. A proxy may send an absolute URL (RFC 9112, section 3.2.2).
  const [path = "/", ...search] = target.replace(/^https?:\/\/[^/?]*/, "").split("?");
  // Clients whose base URL ends in `/v1` send it twice.
  const cleaned = path.replace(/^\/v1\/v1(?=\/)/, "/v1");
  const parameters = [...new URLSearchParams(search.join("?"))];
  const image = cleaned.startsWith(`${IMAGES_PATH}/`) ? parseOneImagePath(cleaned) : undefined;
  return image === undefined
    ? { path: cleaned, parameters, isOneImage: false }
    : { path: IMAGES_PATH, parameters: [...parameters, image], isOneImage: true };
}

/** A matching pattern and the values of its parameters. */
interface RouteMatch {
  readonly pattern: RoutePattern;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route pattern of a request. Literal segments take precedence over parameters: `/v1/instances/wait` is not an
 * instance. If the metro and the control plane share a path, the operation that has the query's parameters is chosen.
 *
 * Throws {@link RequestError} 404 or 405.
 *
 * @param parameters names of the query parameters
 * @param patterns the patterns of this server
 */
function matchRoute(
  method: string,
  path: string,
  parameters: readonly string[],
  patterns: readonly RoutePattern[],
): RouteMatch {
  const segments = path.split("/");
  const matching = patterns.filter((one) => matchesTemplate(one.path.split("/"), segments));
  const mostSpecific = matching.map(specificityKey).sort()[0];
  const atPath = matching.filter((one) => specificityKey(one) === mostSpecific);
  const candidates = atPath.filter((one) => one.method === method);
  const pattern = candidates.find(({ name }) => hasAllParameters(routes[name].query, parameters)) ?? candidates[0];
  if (pattern !== undefined) return { pattern, pathParameters: parsePathParameters(pattern.path, segments) };
  if (atPath.length === 0) throw new RequestError(404, `No such endpoint: ${method} ${abbreviate(path)}`);
  const allowed = [...new Set(atPath.map((one) => one.method))];
  const message = `Method ${method} is not allowed for ${abbreviate(path)}; allowed: ${allowed.join(", ")}`;
  throw new RequestError(405, message, "WrongMethod", allowed);
}

const isParameter = (segment: string): boolean => segment.startsWith("{");

const matchesTemplate = (template: readonly string[], segments: readonly string[]): boolean =>
  template.length === segments.length &&
  template.every((part, index) => (isParameter(part) ? segments[index] !== "" : segments[index] === part));

/** Sort key that puts literal segments before parameters. */
const specificityKey = ({ path }: RoutePattern): string =>
  path
    .split("/")
    .map((segment) => (isParameter(segment) ? "1" : "0"))
    .join("");

const parsePathParameters = (template: string, segments: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    template
      .split("/")
      .flatMap((part, index) => (isParameter(part) ? [[part.slice(1, -1), decodeSegment(segments[index] ?? "")]] : [])),
  );

const hasAllParameters = (query: z.ZodType, parameters: readonly string[]): boolean =>
  query instanceof z.ZodObject && parameters.every((name) => Object.hasOwn(query.shape, name));

/** Decodes a path segment. One with invalid percent-encoding is returned unchanged; it matches no object. */
function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
