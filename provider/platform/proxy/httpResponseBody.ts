/**
 * How much of an HTTP/1.1 response is still to come, told from the bytes that pass by. Pure. Source: RFC 9112, 6.3.
 *
 * `undefined` stands for what cannot be told: another protocol, a body that ends with its connection, a head in pieces.
 */

/** A response whose head was seen. */
export type ResponseBody =
  | { readonly is: "counted"; readonly missingBytes: number }
  /** `tail` holds the last bytes seen, which end with the last chunk when the body does. */
  | { readonly is: "chunked"; readonly tail: string };

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";
const MAX_HEAD_BYTES = 64 * 1024;

/** The response after more bytes of the instance. */
export function advanceBody(body: ResponseBody | undefined, chunk: Buffer): ResponseBody | undefined {
  if (body === undefined || !isUnfinished(body)) return parseResponseHead(chunk);
  if (body.is === "counted") return { is: "counted", missingBytes: body.missingBytes - chunk.length };
  return chunkedBody(body.tail, chunk);
}

/** True while bytes of a response are known to be missing. */
export const isUnfinished = (body: ResponseBody | undefined): boolean =>
  body !== undefined && (body.is === "counted" ? body.missingBytes > 0 : body.tail !== LAST_CHUNK);

function parseResponseHead(chunk: Buffer): ResponseBody | undefined {
  if (chunk.toString("latin1", 0, 7) !== "HTTP/1.") return undefined;
  const end = chunk.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = chunk.toString("latin1", 0, end);
  if (/^HTTP\/1\.\d (101|204|304)/.test(head)) return { is: "counted", missingBytes: 0 };
  if (/^HTTP\/1\.\d 1\d\d/.test(head)) return undefined;
  if (/^transfer-encoding:.*\bchunked[ \t]*$/im.test(head)) {
    return chunkedBody("\r\n", chunk.subarray(end + HEAD_END.length)); // a body of no bytes is its last chunk alone
  }
  const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(head)?.[1];
  if (length === undefined) return undefined;
  return { is: "counted", missingBytes: Number(length) - (chunk.length - end - HEAD_END.length) };
}

const chunkedBody = (before: string, chunk: Buffer): ResponseBody => ({
  is: "chunked",
  tail: (before + chunk.toString("latin1", Math.max(0, chunk.length - LAST_CHUNK.length))).slice(-LAST_CHUNK.length),
});
