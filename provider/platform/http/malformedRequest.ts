/** Answers to what is not HTTP, or not in time: there is no request to answer, only a connection. */
import { RequestError } from "../errors";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import { MAX_HEADER_BYTES } from "./limits";
import { errorEnvelope } from "./response";

/** How long a client may take to read the answer before its connection is cut. */
const LINGER_MS = 1_000;

/** What is wrong, by the code of Node's parser. */
export function toRequestError(code: string | undefined): RequestError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new RequestError(431, `The request line and headers are larger than ${MAX_HEADER_BYTES} bytes`);
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new RequestError(413, "The extensions of a chunk are too large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new RequestError(408, "The request did not arrive in time");
    default:
      return new RequestError(400, "This is not an HTTP request");
  }
}

/** Writes an answer to a bare connection and ends it. */
export function rejectConnection(socket: Duplex, refusal: RequestError): void {
  const body = JSON.stringify(errorEnvelope(refusal, 0));
  const head = [
    `HTTP/1.1 ${refusal.status} ${http.STATUS_CODES[refusal.status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // Not at once: bytes that nobody has read would take the answer with them.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
