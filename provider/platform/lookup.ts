/** Finds objects by uuid or name, and lists them. */
import { ApiItemError, type FailedItem, RequestError, toFailedItem } from "./errors";
import type { Log } from "./log";
import type { Instance } from "./instances/instance";
import type { Registry } from "./registry";

/** Names an object by exactly one of uuid and name. */
export type Selector = { readonly uuid: string } | { readonly name: string };

/** The identity of any object. */
export type ObjectIdentity = {
  readonly uuid: string;
  readonly name: string;
};

/** Matches a uuid in lower case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Finds the object of a selector. Throws `Invalid` for a malformed uuid, `NotFound` if there is no such object.
 *
 * @param kind noun for the message, such as `volume`
 */
export function findBySelector<T>(
  objects: Iterable<T>,
  identityOf: (object: T) => ObjectIdentity,
  kind: string,
  selector: Selector,
): T {
  const wanted = "uuid" in selector ? selector.uuid : selector.name;
  if ("uuid" in selector && !UUID.test(wanted)) throw new ApiItemError("Invalid", `Invalid uuid '${wanted}'`);
  for (const object of objects) {
    if (("uuid" in selector ? identityOf(object).uuid : identityOf(object).name) === wanted) return object;
  }
  throw new ApiItemError("NotFound", `No ${kind} with ${"uuid" in selector ? "uuid" : "name"} '${wanted}'`);
}

/** False once a delete was accepted: from then on the instance is not found, even while its VM still runs. */
export const isVisible = ({ isBeingDeleted }: Instance): boolean => !isBeingDeleted;

/** The visible instances, oldest first. */
export const visibleInstances = (registry: Registry): Instance[] => [...registry.instances.values()].filter(isVisible);

/** Finds the visible instance of a selector. Throws `NotFound`, `Invalid`. */
export const findInstance = (registry: Registry, selector: Selector): Instance =>
  findBySelector(visibleInstances(registry), ({ record }) => record, "instance", selector);

/** Query parameters of a list. */
export interface ListQuery {
  /** False: items contain only uuid and name. `undefined`: true. */
  readonly details?: boolean | undefined;
  /** Most objects to list; 0 and `undefined`: all. */
  readonly count?: number | undefined;
  /** First object of the page: a uuid, or an RFC 3339 time of creation. `undefined`: the first of all. */
  readonly from?: string | undefined;
  /** Order by time of creation; `undefined`: `asc`. */
  readonly order?: "asc" | "desc" | undefined;
}

/**
 * Returns a page of the listed objects. `objects` are oldest first. The page starts at `from`, a uuid (inclusive; the object
 * need not be listed) or an RFC 3339 time. Throws {@link RequestError} 400 for an invalid `from` and for an unknown uuid,
 * because an empty page would look like the end of the list.
 */
export function paginate<T>(
  objects: readonly T[],
  identityOf: (object: T) => { uuid: string; createdAt: number },
  query: ListQuery,
  isListed: (object: T) => boolean = () => true,
): T[] {
  const ordered = query.order === "desc" ? [...objects].reverse() : [...objects];
  const from = query.from;
  const time = from === undefined || UUID.test(from) ? undefined : Date.parse(from);
  if (Number.isNaN(time))
    throw new RequestError(400, "'from' must be a uuid or a time such as 2026-01-31T12:00:00Z", "Invalid");
  const start =
    from === undefined
      ? 0
      : ordered.findIndex((object) => {
          const { uuid, createdAt } = identityOf(object);
          if (time === undefined) return uuid === from;
          return query.order === "desc" ? createdAt <= time : createdAt >= time;
        });
  if (start < 0 && time === undefined)
    throw new RequestError(400, "'from' does not name an object of this list; start again without it", "NotFound");
  if (start < 0) return [];
  const listed = ordered.slice(start).filter(isListed);
  return listed.slice(0, query.count === undefined || query.count === 0 ? undefined : query.count);
}

/** An item without its details. The vendor's clients read the state of such items too. */
type BriefItem = ObjectIdentity & { readonly status: "success"; readonly state?: never };

function toBriefItem(item: object, { uuid, name }: ObjectIdentity): BriefItem {
  const state = "state" in item ? { state: item.state as never } : {};
  return { status: "success", uuid, name, ...state };
}

/**
 * Returns the items of the selected objects, or a page of all listed ones. Throws {@link RequestError} 400 if both selectors
 * and `count` are given, and what {@link paginate} throws.
 */
export function readItems<T, I extends object>(
  request: { readonly selectors: readonly Selector[]; readonly query: ListQuery },
  log: Log,
  all: readonly T[],
  identityOf: (object: T) => ObjectIdentity & { readonly createdAt: number },
  kind: string,
  toItem: (object: T) => I,
  isListed: (object: T) => boolean = () => true,
): (I | BriefItem | FailedItem)[] {
  const render = (object: T): I | BriefItem =>
    request.query.details === false ? toBriefItem(toItem(object), identityOf(object)) : toItem(object);
  if (request.selectors.length > 0 && (request.query.count ?? 0) > 0) {
    throw new RequestError(400, "'count' cannot be given together with 'uuid' or 'name'", "NotBoth");
  }
  if (request.selectors.length === 0) return paginate(all, identityOf, request.query, isListed).map(render);
  const listed = all.filter(isListed);
  // Repeated selectors get one item, which bounds the size of the response by the number of objects.
  const selectors = new Map(request.selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...selectors.values()].map((selector) => {
    try {
      return render(findBySelector(listed, identityOf, kind, selector));
    } catch (failure) {
      return toFailedItem(selector, failure, log);
    }
  });
}
