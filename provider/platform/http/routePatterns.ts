/** The methods and paths of all operations, for many objects and for one, including those of older clients. */
import { type Method, type Route, type RouteName, routes } from "../../contract/routes";

/** One method and path of an operation. */
export interface RoutePattern {
  readonly name: RouteName;
  readonly method: Method;
  /** The path, with parameters in braces. */
  readonly path: string;
  /** True if the path names one object; false if selectors name the objects. */
  readonly isOne: boolean;
}

const routeNames = Object.keys(routes) as RouteName[]; // the keys of a constant table

/** All patterns of all operations. */
export const ROUTE_PATTERNS: readonly RoutePattern[] = routeNames.flatMap((name) => {
  const { method, path, singleObjectPath: one, olderEndpoints: older = [] }: Route = routes[name];
  return [{ method, path }, ...older].flatMap((endpoint): RoutePattern[] => [
    { name, ...endpoint, isOne: false },
    ...(one === undefined
      ? []
      : [{ name, method: endpoint.method, path: singleObjectPath(one, path, endpoint.path), isOne: true }]),
  ]);
});

/** The older path for one object: its last segment is replaced as in the older path for many (`logs` for `log`). */
function singleObjectPath(one: string, path: string, older: string): string {
  const lastWord = (text: string): string => text.slice(text.lastIndexOf("/"));
  return one.endsWith(lastWord(path)) ? one.slice(0, -lastWord(path).length) + lastWord(older) : one;
}

/** The path of older clients' image listing, whose items have a different format. */
export const OLDER_IMAGE_LIST_PATH = "/v1/images/list";
