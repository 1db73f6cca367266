/** Complete listings, read page by page. */
import { UnikernelError } from "../base/errors";
import type { CallOptions } from "./transport/sendRequest";

/** Objects per page, as in the vendor's SDKs. */
export const PAGE_SIZE = 100;

/** Number of times a listing is started if a page of it fails. */
const MAX_LISTING_ATTEMPTS = 3;

/** The part of a query that selects a page. */
interface PageQuery {
  readonly count: number;
  readonly from?: string;
}

/**
 * Every object of a listing, oldest first, without duplicates. A page starts at the last object of the previous page. A server
 * may include that object again, and a page without new objects is the last one.
 *
 * If the object at which a page starts was deleted in the meantime, the server rejects the page with HTTP 400. The listing then
 * restarts, up to {@link MAX_LISTING_ATTEMPTS} attempts in all. Throws the errors of `list`.
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
        const previousCount = found.size;
        for (const item of items) if (!found.has(item.uuid)) found.set(item.uuid, item);
        from = items.at(-1)?.uuid;
        if (items.length < PAGE_SIZE || found.size === previousCount) return [...found.values()];
      }
    } catch (error) {
      const isRejected = UnikernelError.has(error, "API_REJECTED") && error.details["status"] === 400;
      if (!isRejected || from === undefined || attempt === MAX_LISTING_ATTEMPTS) throw error;
    }
  }
}
