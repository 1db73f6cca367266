/**
 * Tracks how much of an HTTP/1.1 response is still to come, from the bytes that pass. Pure. Source: RFC 9112, section 6.3.
 *
 * `undefined` means unknown: another protocol, a body that ends with its connection, or a header split across chunks.
 */

/** The body of a response whose header has passed. */
export type ResponseBody =
  | { readonly framing: "counted"; readonly missingBytes: number }
  /** `tail` is the last bytes that passed; they equal the last chunk when the body is complete. */
  | { readonly framing: "chunked"; readonly tail: string };

const HEADER_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";
const MAX_HEADER_BYTES = 64 * 1024;

/** The body after the instance has sent `chunk`. */
export function advanceBody(body: ResponseBody | undefined, chunk: Buffer): ResponseBody | undefined {
  if (body === undefined || !isUnfinished(body)) return parseResponseHeader(chunk);
  if (body.framing === "counted") return { framing: "counted", missingBytes: body.missingBytes - chunk.length };
  return chunkedBody(body.tail, chunk);
}

/** True while part of a response is known to be missing. */
export const isUnfinished = (body: ResponseBody | undefined): boolean =>
  body !== undefined && (body.framing === "counted" ? body.missingBytes > 0 : body.tail !== LAST_CHUNK);

function parseResponseHeader(chunk: Buffer): ResponseBody | undefined {
  if (chunk.toString("latin1", 0, 7) !== "HTTP/1.") return undefined;
  const end = chunk.subarray(0, MAX_HEADER_BYTES).indexOf(HEADER_END);
  if (end < 0) return undefined;
  const header = chunk.toString("latin1", 0, end);
  if (/^HTTP\/1\.\d (101|204|304)/.test(header)) return { framing: "counted", missingBytes: 0 };
  if (/^HTTP\/1\.\d 1\d\d/.test(header)) return undefined;
  if (/^transfer-encoding:.*\bchunked[ \t]*$/im.test(header)) {
    return chunkedBody("\r\n", chunk.subarray(end + HEADER_END.length)); // an empty body consists of its last chunk
  }
  const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(header)?.[1];
  if (length === undefined) return undefined;
  return { framing: "counted", missingBytes: Number(length) - (chunk.length - end - HEADER_END.length) };
}

const chunkedBody = (before: string, chunk: Buffer): ResponseBody => ({
  framing: "chunked",
  tail: (before + chunk.toString("latin1", Math.max(0, chunk.length - LAST_CHUNK.length))).slice(-LAST_CHUNK.length),
});
