/**
 * One HTTP exchange with an API. Node's default agents keep connections alive. axios handles proxies: the configured one, or
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` from the environment. For an `https:` address it opens a tunnel (CONNECT), so that
 * the proxy sees neither token nor body.
 */
import axios, { type AxiosProxyConfig } from "axios";
import { isLoopbackUrl } from "../../base/hostNames";
import { VERSION } from "../../base/version";

/** A request to an API. */
export interface HttpRequest {
  readonly method: string;
  /** Without a query. */
  readonly url: string;
  /** Bearer token. Secret. */
  readonly token: string;
  /** Lists become repeated parameters. */
  readonly query: object | undefined;
  /** Sent as JSON; `undefined` sends no body. */
  readonly body: unknown;
  /** Limit in milliseconds until the last byte of the response. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A complete response of any status. */
export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  /** Header `Content-Type`; empty if missing. */
  readonly contentType: string;
  /** Header `Retry-After`; `undefined` if missing. */
  readonly retryAfter: unknown;
  /** Identifies the request in the server's logs; `undefined` if the response has none. At most 128 characters. */
  readonly requestId: string | undefined;
}

/** Why there is no usable response. */
export interface TransportFailure {
  /** `not-sent`: nothing reached the server. `broken`: it may have acted. `final`: a retry would fail the same way. */
  readonly kind: "not-sent" | "broken" | "final";
  readonly mayHaveActed: boolean;
  /** Text for the error message. */
  readonly reason: string;
  /** Address of the configured proxy without user and password; `undefined` if none is configured. */
  readonly proxy: string | undefined;
}

/** Sends one request. Rejects only with the signal's reason. */
export type HttpExchange = (request: HttpRequest) => Promise<HttpResponse | TransportFailure>;

/** Far above a page of a listing, which takes a few hundred thousand bytes. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

/** Common header names of a request id; the API's description does not define one. */
const REQUEST_ID_HEADERS = ["x-request-id", "request-id", "x-correlation-id"] as const;

/**
 * Creates an exchange with its own settings for headers, limits and proxy.
 *
 * @param proxy URL of the proxy for all but loopback addresses; `undefined` uses the environment
 */
export function createHttpExchange(proxy: string | undefined): HttpExchange {
  const http = axios.create({
    responseType: "text",
    transformResponse: (text: unknown) => text,
    validateStatus: () => true,
    maxRedirects: 0,
    maxContentLength: MAX_RESPONSE_BYTES,
    headers: { Accept: "application/json", "User-Agent": `pulumi-unikernel/${VERSION}` },
    paramsSerializer: { indexes: null },
  });
  const proxyOptions = proxy === undefined ? undefined : proxyConfig(new URL(proxy));

  return async ({ method, url, token, query, body, timeoutMs, signal }) => {
    // Unlike axios' timeout, this one also ends a response that trickles in.
    const timeoutSignal = AbortSignal.timeout(timeoutMs);
    const requestProxy = isLoopbackUrl(url) ? false : proxyOptions;
    try {
      const { status, data, headers } = await http.request<string>({
        method,
        url,
        params: query,
        data: body,
        headers: { Authorization: `Bearer ${token}` },
        signal: signal === undefined ? timeoutSignal : AbortSignal.any([signal, timeoutSignal]),
        ...(requestProxy === undefined ? {} : { proxy: requestProxy }),
      });
      const requestId = REQUEST_ID_HEADERS.map((name): unknown => headers[name]).find((id) => typeof id === "string");
      return {
        status,
        text: data,
        contentType: String(headers["content-type"] ?? ""),
        retryAfter: headers["retry-after"],
        requestId: typeof requestId === "string" ? requestId.slice(0, 128) : undefined,
      };
    } catch (error) {
      signal?.throwIfAborted();
      return {
        ...toTransportFailure(error, timeoutSignal.aborted),
        proxy: requestProxy ? `${requestProxy.protocol}//${requestProxy.host}:${requestProxy.port}` : undefined,
      };
    }
  };
}

function proxyConfig({ protocol, hostname, port, username, password }: URL): AxiosProxyConfig {
  return {
    protocol,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    ...(username === "" ? {} : { auth: { username: decodeUserInfo(username), password: decodeUserInfo(password) } }),
  };
}

/** Passwords are often pasted unescaped, so a `%` that starts no escape is taken literally. */
function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Error codes of Node and axios after which no byte of the request was sent. */
const NOT_SENT_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "DNS lookup failed",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
};

/** Error codes of connections that fail the same way every time, before the request is sent. */
const PERMANENT_FAILURE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
};

function toTransportFailure(error: unknown, hasTimedOut: boolean): Omit<TransportFailure, "proxy"> {
  const code = axios.isAxiosError(error) ? (error.code ?? "") : "";
  const reasonWithCode = (reason: string) => [reason, code].filter(Boolean).join(", ");
  if (hasTimedOut) return { kind: "broken", mayHaveActed: true, reason: "timed out" };
  const notSent = NOT_SENT_REASONS[code];
  if (notSent !== undefined) return { kind: "not-sent", mayHaveActed: false, reason: reasonWithCode(notSent) };
  const permanent = PERMANENT_FAILURE_REASONS[code];
  if (permanent !== undefined) return { kind: "final", mayHaveActed: false, reason: reasonWithCode(permanent) };
  // axios keeps the received part of a truncated response, but nothing of one that is too long.
  if (code === "ERR_BAD_RESPONSE" && axios.isAxiosError(error) && error.response === undefined) {
    const reason = `the response is larger than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`;
    return { kind: "final", mayHaveActed: true, reason };
  }
  return { kind: "broken", mayHaveActed: true, reason: reasonWithCode("connection lost") };
}
