/**
 * One request from its first line to its response. `npm run trace` prints the files that real requests pass through.
 *
 * ```text
 * server ──────── Host is not this machine ─────────────────────────▶ 421
 *      ▼
 * handleRequest ─ token wrong ──────────────────────────────────────▶ 401
 *      │          target too long ──────────────────────────────────▶ 414
 *      ▼
 *   readBody ──── too large ──▶ 413    not UTF-8 ───────────────────▶ 400
 *      ▼
 *    router ───── no such path ──▶ 404    method not allowed ───────▶ 405
 *      ▼
 *    parse/ ───── query or body does not fit its model ─────────────▶ 400
 *      ▼
 *   handlers/ ─── the whole request is wrong: RequestError ─────────▶ its status
 *      │          one item fails: ApiItemError ──▶ 200, that item has status "error"
 *      │          any other error ──▶ logged ───────────────────────▶ 500
 *      ▼
 *   response ──── all items failed ──▶ 200 "error"    some ─────────▶ 200 "partial_success"
 * ```
 */
import type * as http from "node:http";
import { RequestError } from "../errors";
import type { Handlers } from "../handlers/handler";
import type { Log } from "../log";
import type { Dialect } from "./dialect";
import { type AnyHandlerResponse, invokeForEachBody } from "./invokeForEachBody";
import { MAX_TARGET_BYTES } from "./limits";
import { discardBody, readBody } from "./parse/readBody";
import { sendError, sendItems, sendText } from "./response";
import { routeRequest } from "./router";

/** What {@link handleRequest} needs to serve requests. */
export interface RequestOptions {
  readonly handlers: Handlers;
  readonly dialect: Dialect;
  readonly log: Log;
  /** True if an `Authorization` header contains the token. */
  readonly isAuthorized: (header: string | undefined) => boolean;
}

/**
 * Handles a request and sends the response. Never rejects.
 *
 * @param gone aborts when the client disconnects or the request has ended
 */
export async function handleRequest(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  gone: AbortSignal,
  { handlers, dialect, log, isAuthorized }: RequestOptions,
): Promise<void> {
  const startedAt = performance.now();
  const { method = "GET", url: target = "/", headers } = request;
  try {
    if (!isAuthorized(headers.authorization)) throw new RequestError(401, "Invalid or missing token");
    if (target.length > MAX_TARGET_BYTES)
      throw new RequestError(414, `The path and query are larger than ${MAX_TARGET_BYTES} bytes`);
    // A request without either header has no body. Source: RFC 9112, section 6.
    const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
    const body = hasBody ? await readBody(request) : undefined;
    const { name, dataKey, query, bodies, selectors, path, encodeItems } = routeRequest(
      { method, target, body },
      dialect,
    );
    // Safe: the router parsed query and body with the models of this route.
    const handler = handlers[name] as (request: object) => AnyHandlerResponse | Promise<AnyHandlerResponse>;
    const common = { query, selectors, path, accept: headers.accept ?? "", signal: gone };
    const { items, message, text } =
      bodies.length === 1
        ? await handler({ ...common, body: bodies[0] })
        : await invokeForEachBody(bodies, log, async (one) => handler({ ...common, body: one }));
    if (text !== undefined) return sendText(response, 200, text.contentType, text.body);
    const { encodeItem } = dialect;
    const written = encodeItems?.(items) ?? (encodeItem === undefined ? items : items.map(encodeItem));
    sendItems(response, { dataKey, items: written, message, startedAt });
  } catch (error) {
    if (!(error instanceof RequestError)) {
      if (gone.aborted) return;
      log.write("bug", { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    const requestError =
      error instanceof RequestError ? error : new RequestError(500, "Internal error; see daemon.log");
    sendError(response, requestError, startedAt);
    discardBody(request);
  }
}
