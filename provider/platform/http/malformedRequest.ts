/** Responses to malformed or late requests, for which node:http has only a connection and no request object. */
import { RequestError } from "../errors";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import { MAX_HEADER_BYTES } from "./limits";
import { errorEnvelope } from "./response";

/** Milliseconds that a client gets to read the response before its connection is closed. */
const LINGER_MS = 1_000;

/** The error for an error code of Node's parser. */
export function toRequestError(code: string | undefined): RequestError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new RequestError(431, `The request line and headers are larger than ${MAX_HEADER_BYTES} bytes`);
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new RequestError(413, "The extensions of a chunk are too large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new RequestError(408, "The request did not arrive in time");
    default:
      return new RequestError(400, "Malformed HTTP request");
  }
}

/** Writes an error response to a connection and closes it. */
export function rejectConnection(socket: Duplex, error: RequestError): void {
  const body = JSON.stringify(errorEnvelope(error, 0));
  const head = [
    `HTTP/1.1 ${error.status} ${http.STATUS_CODES[error.status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Not at once: closing with unread input resets the connection, and the client would lose the response.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
