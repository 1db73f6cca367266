/** An address of the daemon that is no part of the API, such as `/metrics`. */
import type * as http from "node:http";

/** Serves its root and all paths below it; the API has all others. */
export interface Endpoint {
  /** A path such as `/metrics`. */
  readonly root: string;
  /**
   * Handles a request and sends the response. Checks by itself who may ask.
   *
   * @param gone aborts when the client disconnects
   */
  handle(request: http.IncomingMessage, response: http.ServerResponse, gone: AbortSignal): Promise<void>;
}

/** The path of a request, without its query. */
export const pathOf = ({ url = "/" }: http.IncomingMessage): string => url.split("?")[0] ?? "/";

/** Closes a request that is answered with an error or needs no body. */
export function sendStatus(response: http.ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${text}\n`);
}
