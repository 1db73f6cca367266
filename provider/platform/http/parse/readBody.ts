/** Reads a request's body up to a limit. */
import { RequestError } from "../../errors";
import type * as http from "node:http";
import { MAX_BODY_BYTES, MAX_DISCARDED_BYTES } from "../limits";

/** Reads the body as text; `undefined` if there is none. Throws {@link RequestError} 413, and 400 for invalid UTF-8. */
export async function readBody(request: http.IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new RequestError(413, `The body is larger than ${MAX_BODY_BYTES} bytes`));
    });
    request.on("end", resolve);
    request.on("error", reject);
    request.on("close", () => reject(new Error("the client disconnected")));
  });
  if (length === 0) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new RequestError(400, "The body is not UTF-8");
  }
}

/**
 * Discards the rest of a rejected body so that the connection can be reused. Beyond {@link MAX_DISCARDED_BYTES} it
 * closes the connection.
 */
export function discardBody(request: http.IncomingMessage): void {
  if (request.complete) return;
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_DISCARDED_BYTES) request.destroy();
  });
  request.resume();
}
