/** Batched reads of one kind of object. See `objectReader.ts`. */
import DataLoader from "dataloader";
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { ITEM_CODES } from "../contract/codes";
import { type ItemStatus, type ResponseMetadata, failedItemError } from "./errors/apiErrors";
import { NO_READS, isListingFresh, isListingWorthwhile, recordRead } from "./listingDecision";
import { listAll } from "./pagination";

/** Reads one object by uuid; `undefined` only if the API reports code 8 (not found). */
export type BatchedRead<I> = (uuid: string) => Promise<I | undefined>;

type ListResponse<I> = ResponseMetadata & { readonly items: readonly I[] };

/** The client's function that lists objects, or reads the named ones. */
type ListOperation<I> = (request: {
  query: { uuid?: string[]; count?: number; from?: string };
}) => Promise<ListResponse<I>>;

/** Inputs for deciding whether a listing is fresh. */
interface LoaderContext {
  readonly clock: Clock;
  /** Grows with every request that may change something. */
  readonly changeCount: () => number;
}

/** Limit of uuids per request, to keep its URL short. */
const MAX_UUIDS_PER_REQUEST = 100;

/** Result of one read: the object, `undefined` if it does not exist, or the error to throw. */
type ReadResult<I> = I | undefined | Error;

/** Combines reads that start in the same turn of the event loop into as few requests as possible. */
export function createBatchLoader<I extends ItemStatus & { readonly uuid: string }>(
  kind: string,
  list: ListOperation<I>,
  context: LoaderContext,
): BatchedRead<I> {
  const { clock, changeCount } = context;
  const loadListing = createListingCache(list, context);
  let history = NO_READS;

  const loader: DataLoader<string, I | undefined> = new DataLoader(
    async (uuids) => {
      loader.clearAll(); // only reads of the same batch share a result
      const listed = await loadListing(isListingWorthwhile(history, clock.now()));
      const rest = uuids.filter((uuid) => !listed.has(uuid));
      const results = await loadByUuid(kind, list, rest);
      return uuids.map((uuid) => listed.get(uuid) ?? results.get(uuid));
    },
    { maxBatchSize: MAX_UUIDS_PER_REQUEST, batchScheduleFn: (dispatch) => void setImmediate(dispatch) },
  );
  return (uuid) => {
    history = recordRead(history, clock.now(), changeCount());
    return loader.load(uuid.toLowerCase()); // responses use lower case
  };
}

/** Serves the last listing while it is fresh and starts a new one if that is worthwhile; otherwise returns an empty map. */
function createListingCache<I extends { readonly uuid: string }>(
  list: ListOperation<I>,
  { clock, changeCount }: LoaderContext,
): (isWorthwhile: boolean) => Promise<ReadonlyMap<string, I>> {
  interface Listing {
    readonly beganMs: number;
    readonly changeCount: number;
    readonly items: Promise<ReadonlyMap<string, I>>;
  }
  let current: Listing | undefined;
  const isFresh = (listing: Listing) => isListingFresh(listing, clock.now(), changeCount());
  const start = (): Listing => ({
    beganMs: clock.now(),
    changeCount: changeCount(),
    items: listAll(list, {}).then((items) => new Map(items.map((item) => [item.uuid, item]))),
  });

  return async (isWorthwhile) => {
    if (current === undefined || !isFresh(current)) current = isWorthwhile ? start() : undefined;
    const listing = current;
    if (listing === undefined) return new Map();
    try {
      const items = await listing.items;
      return isFresh(listing) ? items : new Map();
    } catch {
      if (current === listing) current = undefined;
      return new Map(); // the objects are then read by uuid, which reports the error
    }
  };
}

async function loadByUuid<I extends ItemStatus & { readonly uuid: string }>(
  kind: string,
  list: ListOperation<I>,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, ReadResult<I>>> {
  if (uuids.length === 0) return new Map();
  try {
    const response = await list({ query: { uuid: [...uuids] } });
    const isComplete = response.items.length === uuids.length;
    return new Map(
      uuids.map((uuid, index) => [uuid, findResult(kind, uuid, response, isComplete ? index : undefined)]),
    );
  } catch (error) {
    // A malformed uuid or an object of unknown shape fails the whole request; isolate it.
    if (uuids.length === 1 || !UnikernelError.has(error, "API_REJECTED", "API_SHAPE")) {
      return new Map(uuids.map((uuid) => [uuid, error as Error]));
    }
    const results = await Promise.all(uuids.map((uuid) => loadByUuid(kind, list, [uuid])));
    return new Map(results.flatMap((result) => [...result]));
  }
}

/** The item of this object. A failed item may lack its uuid and is then found by position: items keep the request's order. */
function findResult<I extends ItemStatus & { readonly uuid: string }>(
  kind: string,
  uuid: string,
  response: ListResponse<I>,
  index: number | undefined,
): ReadResult<I> {
  const attempted = `Reading ${kind} '${uuid}'`;
  const itemAtIndex = index === undefined ? undefined : response.items[index];
  const item =
    response.items.find((one) => one.uuid === uuid) ?? (itemAtIndex?.status === "error" ? itemAtIndex : undefined);
  if (item === undefined) {
    return new UnikernelError("API_SHAPE", `${attempted} failed: the response does not contain it.`);
  }
  if (item.status !== "error") return item;
  return item.error === ITEM_CODES.NotFound ? undefined : failedItemError(attempted, item, response);
}
