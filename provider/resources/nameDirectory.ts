/** Looks names up in a metro with few requests, although a plan checks one name after the other. */
import * as fs from "node:fs";
import type { Client } from "../client/client";
import { findLocalDaemon } from "../client/localDaemon";
import { PAGE_SIZE, listAll } from "../client/pagination";
import { localPaths } from "../base/localPaths";
import type { NamedKind } from "./all";
import { type ProviderContext, withTimeLimit } from "./context";

const ROUTES = {
  Instance: "getInstances",
  Service: "getServices",
  Volume: "getVolumes",
  Certificate: "getCertificates",
} as const satisfies Record<NamedKind, keyof Client>;

/** After this many single look-ups, listing everything is cheaper. */
const MAX_SINGLE_LOOKUPS = 5;
/** How long a plan waits for a metro. Starting the local platform takes longer. */
const TIMEOUT_MS = { local: 20_000, other: 5_000 } as const;

/** Finds objects by name. */
export interface NameDirectory {
  /**
   * The ids of the objects with these names; a free name is not in the map. Objects created or deleted after the first call may be
   * missing or still listed.
   *
   * Throws the client's errors.
   */
  find(kind: NamedKind, names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

type Item = { readonly uuid: string; readonly name: string; readonly status?: string | undefined };
type List = (request: {
  query: { name?: string[]; count?: number; details?: boolean };
}) => Promise<{ readonly items: readonly Item[] }>;

const idsByName = (items: readonly Item[]): ReadonlyMap<string, string> =>
  new Map(items.filter(({ status }) => status !== "error").map(({ name, uuid }) => [name, uuid]));

/** The names of one kind, as far as they were read. */
class NameListing {
  readonly #list: List;
  #listed: Promise<{ readonly ids: ReadonlyMap<string, string>; readonly isComplete: boolean }> | undefined;
  #singleLookups = 0;

  constructor(list: List) {
    this.#list = list;
  }

  async find(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { ids, isComplete } = await (this.#listed ??= this.#listFirstPage());
    if (isComplete) return new Map([...ids].filter(([name]) => names.includes(name)));
    if (this.#singleLookups === MAX_SINGLE_LOOKUPS) {
      this.#listed = this.#listAll();
      return this.find(names);
    }
    this.#singleLookups += 1;
    return idsByName((await this.#list({ query: { name: [...names] } })).items);
  }

  async #listFirstPage() {
    const { items } = await this.#list({ query: { count: PAGE_SIZE, details: false } });
    return { ids: idsByName(items), isComplete: items.length < PAGE_SIZE };
  }

  async #listAll() {
    return { ids: idsByName(await listAll(this.#list, { details: false })), isComplete: true };
  }
}

/** True if the local platform has never run. One that is stopped may have objects. */
const isLocalEmpty = async (): Promise<boolean> =>
  (await findLocalDaemon()) === undefined && !fs.existsSync(localPaths().databaseFile);

/** The directory of a context's metro. */
export function createNameDirectory(context: ProviderContext): NameDirectory {
  const listings = new Map<NamedKind, NameListing>();
  const isLocal = context.metro === "local";
  let isEmpty: Promise<boolean> | undefined;
  return {
    async find(kind, names) {
      isEmpty ??= isLocal ? isLocalEmpty() : Promise.resolve(false);
      if (await isEmpty) return new Map();
      // Each call has a time limit of its own.
      const list: List = (request) => {
        const timeoutMs = TIMEOUT_MS[isLocal ? "local" : "other"];
        const { client } = withTimeLimit(context, timeoutMs, "Looking names up");
        return (client[ROUTES[kind]] as unknown as Client["getVolumes"])(request);
      };
      const listing = listings.get(kind) ?? new NameListing(list);
      listings.set(kind, listing);
      return listing.find(names);
    },
  };
}
