/** Whole listings, page by page. */
import { UnikernelError } from "../base/errors";
import type { CallOptions } from "./transport/sendRequest";

/** Objects per page; the vendor's own SDKs take as many. */
export const PAGE_SIZE = 100;

/** How often a listing is begun whose pages cannot be continued. */
const MAX_LISTING_ATTEMPTS = 3;

/** The part of a query that names a page. */
interface PageQuery {
  readonly count: number;
  readonly from?: string;
}

/**
 * Every object of a listing, oldest first, each once. The next page begins at the last object of the one before: a server that
 * counts it in sends it twice, and one that brings nothing new has come to its end.
 *
 * An object may go before the page that begins at it is asked for: then a server refuses the page, and the listing begins
 * again, three times at most. Throws as the call does.
 */
export async function listAll<I extends { readonly uuid: string }, Q extends object>(
  list: (request: { query: Q & PageQuery }, options?: CallOptions) => Promise<{ readonly items: readonly I[] }>,
  query: Q,
  options: CallOptions = {},
): Promise<readonly I[]> {
  for (let attempt = 1; ; attempt++) {
    const found = new Map<string, I>();
    let from: string | undefined;
    try {
      for (;;) {
        const page = { ...query, count: PAGE_SIZE, ...(from === undefined ? {} : { from }) };
        const { items } = await list({ query: page }, options);
        const before = found.size;
        for (const item of items) if (!found.has(item.uuid)) found.set(item.uuid, item);
        from = items.at(-1)?.uuid;
        if (items.length < PAGE_SIZE || found.size === before) return [...found.values()];
      }
    } catch (error) {
      const isRefused = UnikernelError.has(error, "API_REJECTED") && error.details["status"] === 400;
      if (!isRefused || from === undefined || attempt === MAX_LISTING_ATTEMPTS) throw error;
    }
  }
}
