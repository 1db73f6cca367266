/** One HTTP request over an open connection to a VM. */
import * as http from "node:http";
import type * as net from "node:net";
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
      response
        .on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > MAX_PROBE_BODY_BYTES) finish({ status, body: undefined });
        })
        .on("error", abort)
        .on("end", () => finish({ status, body: Buffer.concat(chunks).toString("utf8") }));
    });
    request.end();
    if (signal.aborted) finish();
  });
}

const hasHost = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === "host");
