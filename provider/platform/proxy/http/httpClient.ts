/** The client's side of one HTTP exchange, over HTTP/1 or HTTP/2. */
import * as http from "node:http";
import * as http2 from "node:http2";
import type { Writable } from "node:stream";
import { resetConnection } from "../resetConnection";
import { contentFields, fieldPairs, fieldsByName, type Fields, firstOf } from "./fields";
import type { ReceivedHead } from "./requestHead";

/** A client's request. */
export type ClientRequest = http.IncomingMessage | http2.Http2ServerRequest;
/** The response to a client. */
export type ClientResponse = http.ServerResponse | http2.Http2ServerResponse;

const TRAILER: ReadonlySet<string> = new Set(["trailer"]);
/** Most bytes of a body that are copied to be written together with the head. */
const MAX_JOINED_BYTES = 16 * 1024;

/** A client's request as it arrived. */
export function receivedHead(request: ClientRequest): ReceivedHead {
  const { method = "GET", url = "/", httpVersion, rawHeaders, socket } = request;
  const common = {
    ...{ method, httpVersion, target: url, clientAddress: socket.remoteAddress ?? "" },
    isSecure: "encrypted" in socket,
  };
  if (request instanceof http.IncomingMessage)
    return { ...common, fields: rawHeaders, authority: undefined, mayHaveBody: true };
  const isPseudo = (index: number): boolean => rawHeaders[index - (index % 2)]?.startsWith(":") === true;
  return {
    ...common,
    fields: rawHeaders.filter((_, index) => !isPseudo(index)),
    authority: request.authority,
    mayHaveBody: !request.stream.endAfterHeaders,
  };
}

/** Sends the head of an instance's response. Throws what Node throws for fields that HTTP does not allow. */
export function sendHead(response: ClientResponse, from: http.IncomingMessage): void {
  const { statusCode = 502, statusMessage = "", rawHeaders } = from;
  if (response instanceof http.ServerResponse) {
    const { httpVersion, method } = response.req;
    const mayHaveTrailers =
      httpVersion === "1.1" && method !== "HEAD" && firstOf(rawHeaders, "transfer-encoding") !== undefined;
    response.writeHead(statusCode, statusMessage, contentFields(rawHeaders, mayHaveTrailers ? undefined : TRAILER));
  } else response.writeHead(statusCode, fieldsByName(contentFields(rawHeaders)));
}

/** Sends the head now, before the body begins. HTTP/2 has done it. */
export function flushHead(response: ClientResponse): void {
  if (response instanceof http.ServerResponse) response.flushHeaders();
}

/** Closes an HTTP/1 connection after this response; an HTTP/2 stream ends anyway. */
export function closeAfter(response: ClientResponse): void {
  if (response instanceof http.ServerResponse) response.shouldKeepAlive = false;
}

/** Sends a whole response. */
export function sendResponse(
  { method }: ClientRequest,
  response: ClientResponse,
  status: number,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): void {
  if (response instanceof http.ServerResponse) response.writeHead(status, headers);
  else response.writeHead(status, headers);
  if (method === "HEAD") response.end();
  else response.end(body);
}

/**
 * Writes a piece of a response's body; false if the client should get no more for now. Node joins a string to the head and writes both at
 * once, but it writes a Buffer as a part of its own.
 */
export function writeBody(response: ClientResponse, piece: Buffer, isFirst: boolean): boolean {
  if (!isFirst || piece.length > MAX_JOINED_BYTES || !(response instanceof http.ServerResponse))
    return (response as Writable).write(piece);
  response.cork();
  const mayContinue = response.write(piece.toString("latin1"), "latin1");
  response.uncork(); // now, because the end of the response would be one more part
  return mayContinue;
}

/** True if the end of the response takes bytes of its own, which should be written together with a short body. */
export const isChunked = (response: ClientResponse): boolean =>
  response instanceof http.ServerResponse && response.chunkedEncoding;

/** Ends an instance's response with its whole body, unless it was written, and its trailer fields. */
export function endResponse(response: ClientResponse, body: Buffer | undefined, trailers: Fields): void {
  sendTrailers(response, trailers);
  if (body === undefined) response.end();
  else response.end(body);
}

/** Sends the trailer fields of an instance's response, if there are any; the end of the response must follow. */
function sendTrailers(response: ClientResponse, trailers: Fields): void {
  if (trailers.length === 0) return;
  try {
    if (response instanceof http.ServerResponse) response.addTrailers(fieldPairs(trailers));
    else response.addTrailers(fieldsByName(trailers) as http.OutgoingHttpHeaders);
  } catch {
    // they are not valid; the response is complete without them
  }
}

/** Sends an interim response, such as 100. Those that need an upgrade of the protocol do not occur here. */
export function sendInterim(response: ClientResponse, status: number, fields: Fields): void {
  try {
    if (status === 100) response.writeContinue();
    else if (status === 103) response.writeEarlyHints(fieldsByName(contentFields(fields)));
  } catch {
    // it is not valid; clients can do without
  }
}

/** Ends a response so that its client cannot take what it has for all of it. */
export function resetResponse(response: ClientResponse): void {
  if (!(response instanceof http.ServerResponse))
    return void response.stream?.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  resetConnection(response.socket);
}
