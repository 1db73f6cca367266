/** One HTTP request over an open connection to a VM. */
import * as http from "node:http";
import type * as net from "node:net";
import type { Duplex, Readable } from "node:stream";
import * as zlib from "node:zlib";
import { MAX_PROBE_BODY_BYTES, type ReadinessResponse } from "../../../contract/readiness/evaluate";

/** A request. */
export interface ExchangeRequest {
  readonly method?: string | undefined;
  readonly path: string;
  /** `host` is `localhost` by default. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** False: only the status is of interest. */
  readonly readsBody: boolean;
}

/**
 * The response; `undefined` if it is not complete before the signal aborts or the connection ends. Redirects are not followed. Closes
 * the connection.
 */
export function exchange(
  socket: net.Socket,
  { method = "GET", path, headers = {}, readsBody }: ExchangeRequest,
  signal: AbortSignal,
): Promise<ReadinessResponse | undefined> {
  return new Promise((resolve) => {
    const finish = (response?: ReadinessResponse): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(response);
    };
    const abort = (): void => finish();
    signal.addEventListener("abort", abort);
    socket.on("error", abort);
    const request = http.request({
      createConnection: () => socket,
      setHost: false,
      method,
      path,
      headers: { ...(hasHost(headers) ? {} : { host: "localhost" }), ...headers, connection: "close" },
    });
    request.on("error", abort).on("response", (response) => {
      const { statusCode: status = 0 } = response;
      if (!readsBody) return finish({ status, body: undefined });
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("error", abort);
      const content = decoded(response);
      content
        .on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= MAX_PROBE_BODY_BYTES) return;
          content.destroy(); // what it has received may decode to a thousand times as much
          finish({ status, body: undefined });
        })
        .on("error", abort)
        .on("end", () => finish({ status, body: Buffer.concat(chunks).toString("utf8") }));
    });
    request.end();
    if (signal.aborted) finish();
  });
}

/** The content without its coding, which a server may choose unasked. Source: RFC 9110, sections 8.4.1 and 12.5.3. */
function decoded(response: http.IncomingMessage): Readable {
  const decoder = DECODERS[response.headers["content-encoding"]?.toLowerCase() ?? ""]?.();
  return decoder === undefined ? response : response.pipe(decoder);
}

const DECODERS: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: zlib.createGunzip,
  "x-gzip": zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
};

const hasHost = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === "host");
