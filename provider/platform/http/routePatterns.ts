/** Every method and path by which clients ask for an operation: for many objects, for one, and both as older clients write them. */
import { type Method, type Route, type RouteName, routes } from "../../contract/routes";

/** One way to write an operation. */
export interface RoutePattern {
  readonly name: RouteName;
  readonly method: Method;
  /** With parameters in braces. */
  readonly path: string;
  /** The path names one object, in place of a selector. */
  readonly isOne: boolean;
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

/** Path by which older clients list images; the form of its items differs too. */
export const OLDER_IMAGE_LIST_PATH = "/v1/images/list";
