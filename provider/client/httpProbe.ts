/** An HTTP probe of a service, sent as any client would. */
import * as https from "node:https";
import type { Readable } from "node:stream";
import axios from "axios";
import { errorMessage } from "../base/errors";
import { isLoopbackUrl } from "../base/hostNames";

/** The service's response. */
export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
}

/** A response whose body may be longer than the probe reads. */
export interface LimitedResponse {
  readonly status: number;
  /** Decoded; `undefined` if it has more than `maxBodyBytes`. */
  readonly body: string | undefined;
}

/** A request of a probe. */
export interface ProbeRequest {
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Limit for the whole response. Milliseconds. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxRedirects: number;
  /** Domain name to send instead of the URL's, in the headers and for TLS. */
  readonly serverName?: string | undefined;
  /** Accepts any certificate. Default: only a valid one for the name that is sent. */
  readonly anyCertificate?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const PROBE_TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 1024 * 1024;
/** Of a health check; a redirect answers a question for an answer. */
const MAX_REDIRECTS = 5;

/**
 * GETs a URL on a new connection; `undefined` if the service does not respond within 5 s. Throws only the signal's reason.
 *
 * @param serverName domain name to send, with any certificate accepted and no redirect followed. Default: the URL's own name, with a
 *   valid certificate
 */
export async function probeHttp(
  url: string,
  signal?: AbortSignal,
  serverName?: string,
): Promise<ProbeResponse | undefined> {
  const limits = { timeoutMs: PROBE_TIMEOUT_MS, maxBodyBytes: MAX_BODY_BYTES };
  const named = { serverName, anyCertificate: serverName !== undefined };
  const maxRedirects = serverName === undefined ? MAX_REDIRECTS : 0;
  const response = await sendProbe({ url, ...limits, ...named, maxRedirects, signal });
  if ("problem" in response || response.body === undefined) return undefined;
  return { status: response.status, body: response.body };
}

/**
 * Sends a request on a new connection. Returns its response, or why there is none, as a clause: `did not respond within 5 s`. Throws
 * only the signal's reason.
 */
export async function sendProbe(request: ProbeRequest): Promise<LimitedResponse | { readonly problem: string }> {
  const { url, method = "GET", headers, timeoutMs, maxBodyBytes, maxRedirects, serverName, signal } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  const agent = new https.Agent({
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: request.anyCertificate !== true,
  });
  try {
    const { status, data } = await axios.request<Readable>({
      ...{ url, method, maxRedirects, responseType: "stream", httpsAgent: agent },
      validateStatus: () => true,
      headers: { ...headers, Connection: "close", ...(serverName === undefined ? {} : { Host: serverName }) },
      ...(isLoopbackUrl(url) ? { proxy: false as const } : {}),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    return { status, body: await readBody(data, maxBodyBytes) };
  } catch (error) {
    signal?.throwIfAborted();
    return { problem: limit.aborted ? `did not respond within ${timeoutMs / 1000} s` : problemOf(error) };
  }
}

/** The text of a body; `undefined` if it is longer. */
async function readBody(stream: Readable, maxBytes: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) return undefined; // leaving the loop closes the connection
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What an error of Node's says of the other end. Source: Node, `Common system errors` and `X.509 certificate error codes`. */
function problemOf(error: unknown): string {
  const code = String((error as { readonly code?: unknown } | undefined)?.code ?? "");
  if (code === "ECONNREFUSED") return "refused the connection";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed the connection without a response";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `cannot be reached: its name is unknown (${code})`;
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|UNTRUSTED/.test(code)) return `has no valid certificate (${code})`;
  return `could not be reached: ${code || errorMessage(error)}`;
}
