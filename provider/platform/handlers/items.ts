/** Answers one request for many objects: each item succeeds or fails by itself, in the order of the request. */
import { findBySelector, type ObjectIdentity, type Selector, UUID } from "../lookup";
import type { Log } from "../log";
import { RequestError, toItemError } from "../errors";
import type { FailedItem } from "./handler";

/** The item of a failure: echoes the selector, and the `id` of a change. A fault of ours is logged and only called an internal error. */
export function toFailedItem(selector: Selector | object, failure: unknown, log: Log): FailedItem {
  const known = toItemError(failure);
  if (known === undefined) {
    log.write("bug", { reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) });
  }
  const uuid = "uuid" in selector && typeof selector.uuid === "string" ? { uuid: selector.uuid } : {};
  const name = "name" in selector && typeof selector.name === "string" ? { name: selector.name } : {};
  const id = "id" in selector && typeof selector.id === "string" ? { id: selector.id } : {};
  return {
    status: "error",
    ...uuid,
    ...name,
    ...id,
    ...(known ?? { error: 0, message: "Internal error; see daemon.log" }),
  };
}

/** Applies `act` to every entry at once; items keep the order of the entries, each stands alone. */
export function mapItems<E extends object, I>(
  entries: readonly E[],
  log: Log,
  act: (entry: E) => Promise<I> | I,
): Promise<(I | FailedItem)[]> {
  return Promise.all(
    entries.map(async (entry) => {
      try {
        return await act(entry);
      } catch (failure) {
        return toFailedItem(entry, failure, log);
      }
    }),
  );
}

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
export async function readItems<T, I extends object>(
  request: { readonly selectors: readonly Selector[]; readonly query: ListQuery },
  log: Log,
  all: readonly T[],
  identityOf: (object: T) => ObjectIdentity & { readonly createdAt: number },
  kind: string,
  toItem: (object: T) => I,
  isListed: (object: T) => boolean = () => true,
): Promise<(I | (ObjectIdentity & { status: "success" }) | FailedItem)[]> {
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
  return mapItems([...selectors.values()], log, (selector) =>
    render(findBySelector(listed, identityOf, kind, selector)),
  );
}

/** RFC 3339 text of a time in milliseconds. */
export const toRfc3339 = (ms: number): string => new Date(ms).toISOString();
