/** Reads of one kind of object, gathered into few requests. See `reader.ts`. */
import type { Clock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { ITEM_CODES } from "../contract/codes";
import { type ItemStatus, type ReplyFacts, itemFailure } from "./errors/apiErrors";
import { listAll } from "./pagination";

/** Reads one object; `undefined` only for code 8. */
export type Gathered<I> = (uuid: string) => Promise<I | undefined>;

/** The client's function that lists objects, or reads those that are named. */
type List<I> = (request: {
  query: { uuid?: string[]; count?: number; from?: string };
}) => Promise<ReplyFacts & { readonly items: readonly I[] }>;

/** What decides whether a listing may still be believed. */
interface World {
  readonly clock: Clock;
  /** Grows with every request that may change something. */
  readonly changes: () => number;
}

/** So many uuids fit the address of one request. */
const UUIDS_PER_REQUEST = 100;
/** More reads than this within {@link WINDOW_MS}, and no change among them, are a refresh: a listing costs less. */
const SINGLE_READS = 20;
const WINDOW_MS = 5_000;
/** A listing is not served any longer, counted from when it began. */
const LISTING_MAX_AGE_MS = 10_000;

/** Gathers what is asked within one turn of the event loop. */
export function gather<I extends ItemStatus & { readonly uuid: string }>(
  what: string,
  list: List<I>,
  world: World,
): Gathered<I> {
  const gatherer = new Gatherer(what, list, world);
  // Items have theirs without capitals, however they were asked for.
  return (uuid) => gatherer.read(uuid.toLowerCase());
}

interface Listing<I> {
  readonly beganMs: number;
  readonly changes: number;
  readonly items: Promise<ReadonlyMap<string, I>>;
}

type Waiting<I> = ReadonlyMap<string, PromiseWithResolvers<I | undefined>>;

class Gatherer<I extends ItemStatus & { readonly uuid: string }> {
  readonly #what: string;
  readonly #list: List<I>;
  readonly #world: World;
  #waiting = new Map<string, PromiseWithResolvers<I | undefined>>();
  /** When the last reads were asked since something changed; no more of them than the decision needs. */
  #askedMs: readonly number[] = [];
  #changes = 0;
  #listing: Listing<I> | undefined;

  constructor(what: string, list: List<I>, world: World) {
    this.#what = what;
    this.#list = list;
    this.#world = world;
  }

  read(uuid: string): Promise<I | undefined> {
    const changes = this.#world.changes();
    const before = changes === this.#changes ? this.#askedMs : [];
    this.#changes = changes;
    this.#askedMs = [...before, this.#world.clock.now()].slice(-SINGLE_READS - 1);
    if (this.#waiting.size === 0) setImmediate(() => void this.#serve());
    const waiter = this.#waiting.get(uuid) ?? Promise.withResolvers<I | undefined>();
    this.#waiting.set(uuid, waiter);
    return waiter.promise;
  }

  async #serve(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const listed = await this.#listed();
    const rest: string[] = [];
    for (const [uuid, waiter] of waiting) {
      const item = listed.get(uuid);
      if (item === undefined) rest.push(uuid);
      else waiter.resolve(item);
    }
    const chunks = Array.from({ length: Math.ceil(rest.length / UUIDS_PER_REQUEST) }, (_, at) =>
      rest.slice(at * UUIDS_PER_REQUEST, (at + 1) * UUIDS_PER_REQUEST),
    );
    await Promise.all(chunks.map((uuids) => this.#fetch(uuids, waiting)));
  }

  /** What a listing that may be believed says; empty when none is to be had, or none is worth its price. */
  async #listed(): Promise<ReadonlyMap<string, I>> {
    const { clock, changes } = this.#world;
    const isFresh = (listing: Listing<I>) =>
      listing.changes === changes() && clock.now() - listing.beganMs <= LISTING_MAX_AGE_MS;
    const first = this.#askedMs.at(-SINGLE_READS - 1);
    const isWorthIt = first !== undefined && clock.now() - first <= WINDOW_MS;
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

  #beginListing(): Listing<I> {
    const { clock, changes } = this.#world;
    const items = listAll(this.#list, {}).then((all) => new Map(all.map((item) => [item.uuid, item])));
    return { beganMs: clock.now(), changes: changes(), items };
  }

  async #fetch(uuids: readonly string[], waiting: Waiting<I>): Promise<void> {
    let reply: Awaited<ReturnType<List<I>>>;
    try {
      reply = await this.#list({ query: { uuid: [...uuids] } });
    } catch (error) {
      // One uuid that is malformed, or one object in a form that is not known, fails the request as a whole.
      if (uuids.length > 1 && UnikernelError.has(error, "API_REJECTED", "API_SHAPE")) {
        await Promise.all(uuids.map((uuid) => this.#fetch([uuid], waiting)));
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
  #itemOf(uuid: string, reply: Awaited<ReturnType<List<I>>>, at: number | undefined): I | undefined {
    const attempted = `Reading ${this.#what} '${uuid}'`;
    const inPlace = at === undefined ? undefined : reply.items[at];
    const item = reply.items.find((one) => one.uuid === uuid) ?? (inPlace?.status === "error" ? inPlace : undefined);
    if (item === undefined) throw new UnikernelError("API_SHAPE", `${attempted} failed: the answer is not about it.`);
    if (item.status !== "error") return item;
    if (item.error === ITEM_CODES.NotFound) return undefined;
    throw itemFailure(attempted, item, reply);
  }
}
