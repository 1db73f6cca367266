/** Reads of one kind of object, gathered into few requests. See `reader.ts`. */
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { ITEM_CODES } from "../contract/codes";
import { type ItemStatus, type ResponseMetadata, failedItemError } from "./errors/apiErrors";
import { listAll } from "./pagination";

/** Reads one object; `undefined` only for code 8. */
export type BatchedRead<I> = (uuid: string) => Promise<I | undefined>;

/** The client's function that lists objects, or reads those that are named. */
type ListOperation<I> = (request: {
  query: { uuid?: string[]; count?: number; from?: string };
}) => Promise<ResponseMetadata & { readonly items: readonly I[] }>;

/** What decides whether a listing may still be believed. */
interface LoaderContext {
  readonly clock: Clock;
  /** Grows with every request that may change something. */
  readonly changes: () => number;
}

/** So many uuids fit the address of one request. */
const MAX_UUIDS_PER_REQUEST = 100;
/** More reads than this within {@link LISTING_WINDOW_MS}, and no change among them, are a refresh: a listing costs less. */
const LISTING_THRESHOLD_READS = 20;
const LISTING_WINDOW_MS = 5_000;
/** A listing is not served any longer, counted from when it began. */
const LISTING_MAX_AGE_MS = 10_000;

/** Gathers what is asked within one turn of the event loop. */
export function createBatchLoader<I extends ItemStatus & { readonly uuid: string }>(
  kind: string,
  list: ListOperation<I>,
  context: LoaderContext,
): BatchedRead<I> {
  const loader = new BatchLoader(kind, list, context);
  // Items have theirs without capitals, however they were asked for.
  return (uuid) => loader.load(uuid.toLowerCase());
}

interface CachedListing<I> {
  readonly beganMs: number;
  readonly changes: number;
  readonly items: Promise<ReadonlyMap<string, I>>;
}

type PendingReads<I> = ReadonlyMap<string, PromiseWithResolvers<I | undefined>>;

class BatchLoader<I extends ItemStatus & { readonly uuid: string }> {
  readonly #kind: string;
  readonly #list: ListOperation<I>;
  readonly #context: LoaderContext;
  #pending = new Map<string, PromiseWithResolvers<I | undefined>>();
  /** When the last reads were asked since something changed; no more of them than the decision needs. */
  #readTimesMs: readonly number[] = [];
  #changes = 0;
  #listing: CachedListing<I> | undefined;

  constructor(what: string, list: ListOperation<I>, world: LoaderContext) {
    this.#kind = what;
    this.#list = list;
    this.#context = world;
  }

  load(uuid: string): Promise<I | undefined> {
    const changes = this.#context.changes();
    const before = changes === this.#changes ? this.#readTimesMs : [];
    this.#changes = changes;
    this.#readTimesMs = [...before, this.#context.clock.now()].slice(-LISTING_THRESHOLD_READS - 1);
    if (this.#pending.size === 0) setImmediate(() => void this.#dispatch());
    const waiter = this.#pending.get(uuid) ?? Promise.withResolvers<I | undefined>();
    this.#pending.set(uuid, waiter);
    return waiter.promise;
  }

  async #dispatch(): Promise<void> {
    const waiting = this.#pending;
    this.#pending = new Map();
    const listed = await this.#loadListing();
    const rest: string[] = [];
    for (const [uuid, waiter] of waiting) {
      const item = listed.get(uuid);
      if (item === undefined) rest.push(uuid);
      else waiter.resolve(item);
    }
    const chunks = Array.from({ length: Math.ceil(rest.length / MAX_UUIDS_PER_REQUEST) }, (_, at) =>
      rest.slice(at * MAX_UUIDS_PER_REQUEST, (at + 1) * MAX_UUIDS_PER_REQUEST),
    );
    await Promise.all(chunks.map((uuids) => this.#loadBatch(uuids, waiting)));
  }

  /** What a listing that may be believed says; empty when none is to be had, or none is worth its price. */
  async #loadListing(): Promise<ReadonlyMap<string, I>> {
    const { clock, changes } = this.#context;
    const isFresh = (listing: CachedListing<I>) =>
      listing.changes === changes() && clock.now() - listing.beganMs <= LISTING_MAX_AGE_MS;
    const first = this.#readTimesMs.at(-LISTING_THRESHOLD_READS - 1);
    const isWorthIt = first !== undefined && clock.now() - first <= LISTING_WINDOW_MS;
    if (this.#listing === undefined || !isFresh(this.#listing)) {
      this.#listing = isWorthIt ? this.#beginListing() : undefined;
    }
    const listing = this.#listing;
    if (listing === undefined) return new Map();
    try {
      const items = await listing.items;
      return isFresh(listing) ? items : new Map();
    } catch {
      if (this.#listing === listing) this.#listing = undefined;
      return new Map(); // each object is asked for by itself, which says what is wrong
    }
  }

  #beginListing(): CachedListing<I> {
    const { clock, changes } = this.#context;
    const items = listAll(this.#list, {}).then((all) => new Map(all.map((item) => [item.uuid, item])));
    return { beganMs: clock.now(), changes: changes(), items };
  }

  async #loadBatch(uuids: readonly string[], waiting: PendingReads<I>): Promise<void> {
    let reply: Awaited<ReturnType<ListOperation<I>>>;
    try {
      reply = await this.#list({ query: { uuid: [...uuids] } });
    } catch (error) {
      // One uuid that is malformed, or one object in a form that is not known, fails the request as a whole.
      if (uuids.length > 1 && UnikernelError.has(error, "API_REJECTED", "API_SHAPE")) {
        await Promise.all(uuids.map((uuid) => this.#loadBatch([uuid], waiting)));
      } else {
        for (const uuid of uuids) waiting.get(uuid)?.reject(error);
      }
      return;
    }
    for (const [at, uuid] of uuids.entries()) {
      const waiter = waiting.get(uuid);
      try {
        waiter?.resolve(this.#itemOf(uuid, reply, reply.items.length === uuids.length ? at : undefined));
      } catch (error) {
        waiter?.reject(error);
      }
    }
  }

  /** The object's own item; a failed one need not name it, but items keep the request's order. */
  #itemOf(uuid: string, reply: Awaited<ReturnType<ListOperation<I>>>, at: number | undefined): I | undefined {
    const attempted = `Reading ${this.#kind} '${uuid}'`;
    const inPlace = at === undefined ? undefined : reply.items[at];
    const item = reply.items.find((one) => one.uuid === uuid) ?? (inPlace?.status === "error" ? inPlace : undefined);
    if (item === undefined) throw new UnikernelError("API_SHAPE", `${attempted} failed: the answer is not about it.`);
    if (item.status !== "error") return item;
    if (item.error === ITEM_CODES.NotFound) return undefined;
    throw failedItemError(attempted, item, reply);
  }
}
