/** Finds what a request names: one object by uuid or name, or the objects of a list. */
import { ApiItemError, type FailedItem, RequestError, toFailedItem } from "./errors";
import type { Log } from "./log";
import type { Instance } from "./instances/instance";
import type { Registry } from "./registry";

/** An object named by exactly one of uuid and name. */
export type Selector = { readonly uuid: string } | { readonly name: string };

/** What any object has. */
export type ObjectIdentity = {
  readonly uuid: string;
  readonly name: string;
};

/** A uuid as the platform writes it. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The object of a selector. Throws a refusal: `Invalid` for a malformed uuid, `NotFound` when there is none. */
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

/** The id of an instance becomes invalid with its delete, before its VM is gone. */
export const isVisible = ({ isBeingDeleted }: Instance): boolean => !isBeingDeleted;

/** What may be named. Oldest first. */
export const visibleInstances = (registry: Registry): Instance[] => [...registry.instances.values()].filter(isVisible);

/** The instance of a selector. Throws refusals `NotFound`, `Invalid`. */
export const findInstance = (registry: Registry, selector: Selector): Instance =>
  findBySelector(visibleInstances(registry), ({ record }) => record, "instance", selector);

/** Query parameters of a list. */
export interface ListQuery {
  readonly details?: boolean | undefined;
  readonly count?: number | undefined;
  readonly from?: string | undefined;
  readonly order?: "asc" | "desc" | undefined;
}

/**
 * A page of those objects (given oldest first) that are listed: starts at `from`, a uuid or an RFC 3339 time, itself
 * included. One that is no longer listed still has its place. Throws {@link RequestError} 400 for what is neither, and for the
 * uuid of none: an empty page would be taken for the end.
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
    throw new RequestError(400, "'from' names no object of this listing; begin again without it", "NotFound");
  if (start < 0) return [];
  const listed = ordered.slice(start).filter(isListed);
  return listed.slice(0, query.count === undefined || query.count === 0 ? undefined : query.count);
}

/**
 * The selectors of a read, or everything, as far as it is listed. Throws {@link RequestError} 400 for a page of selected
 * objects, and as {@link paginate}.
 */
export function readItems<T, I extends object>(
  request: { readonly selectors: readonly Selector[]; readonly query: ListQuery },
  log: Log,
  all: readonly T[],
  identityOf: (object: T) => ObjectIdentity & { readonly createdAt: number },
  kind: string,
  toItem: (object: T) => I,
  isListed: (object: T) => boolean = () => true,
): (I | (ObjectIdentity & { status: "success" }) | FailedItem)[] {
  const render = (object: T): I | (ObjectIdentity & { status: "success" }) =>
    request.query.details === false
      ? { status: "success", uuid: identityOf(object).uuid, name: identityOf(object).name }
      : toItem(object);
  if (request.selectors.length > 0 && (request.query.count ?? 0) > 0) {
    throw new RequestError(400, "'count' cannot be given together with 'uuid' or 'name'", "NotBoth");
  }
  if (request.selectors.length === 0) return paginate(all, identityOf, request.query, isListed).map(render);
  const listed = all.filter(isListed);
  // What is named twice is answered once: an answer grows with what there is, not with how often that is asked for.
  const selectors = new Map(request.selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...selectors.values()].map((selector) => {
    try {
      return render(findBySelector(listed, identityOf, kind, selector));
    } catch (failure) {
      return toFailedItem(selector, failure, log);
    }
  });
}
