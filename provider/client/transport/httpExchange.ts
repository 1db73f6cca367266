/**
 * One HTTP exchange with an API. Node's own agents keep connections alive. Proxies are axios' business: `HTTPS_PROXY`, `HTTP_PROXY`
 * and `NO_PROXY` of the environment, unless one is given; to an `https:` address it asks the proxy for a tunnel, so that the proxy
 * sees neither token nor body.
 */
import axios, { type AxiosProxyConfig } from "axios";
import { isLoopbackUrl } from "../../base/hostNames";
import { VERSION } from "../../base/version";

/** What is sent. */
export interface HttpRequest {
  readonly method: string;
  /** Without a query. */
  readonly url: string;
  readonly token: string;
  /** Lists become repeated parameters. */
  readonly query: object | undefined;
  /** Sent as JSON. */
  readonly body: unknown;
  /** Milliseconds from now until the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What came back, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  /** Content type; empty when the answer names none. */
  readonly contentType: string;
  /** The header `Retry-After`. */
  readonly retryAfter: unknown;
  /** By which the server's people find this request in their logs. */
  readonly requestId: string | undefined;
}

/** Why nothing usable came back. */
export interface TransportFailure {
  /** `not-sent`: nothing reached the server. `broken`: it may have acted. `final`: and another attempt would end alike. */
  readonly kind: "not-sent" | "broken" | "final";
  readonly mayHaveActed: boolean;
  /** For people. */
  readonly reason: string;
  /** Address of the proxy that was told to be used, without user and password. */
  readonly proxy: string | undefined;
}

/** Makes one exchange. Rejects with the signal's reason, and with nothing else. */
export type HttpExchange = (request: HttpRequest) => Promise<HttpResponse | TransportFailure>;

/** A page of a listing takes some hundred thousand bytes. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

/** Header names in use for the same thing; the API's description has none. */
const REQUEST_ID_HEADERS = ["x-request-id", "request-id", "x-correlation-id"] as const;

/** @param proxy URL of the proxy for all but this machine's own addresses; `undefined` leaves it to the environment */
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
    // Unlike axios' own time limit, this one also ends an answer that trickles.
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

/** A `%` that escapes nothing was meant as it stands: passwords are often pasted as they are. */
function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Codes of Node and axios that say that no byte of the request left. */
const NOT_SENT_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to its network",
};

/** Codes of connections that fail the same way each time, before the request is sent. */
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
  const reasonWithCode = (words: string) => [words, code].filter(Boolean).join(", ");
  if (hasTimedOut) return { kind: "broken", mayHaveActed: true, reason: "it took too long" };
  const notSent = NOT_SENT_REASONS[code];
  if (notSent !== undefined) return { kind: "not-sent", mayHaveActed: false, reason: reasonWithCode(notSent) };
  const never = PERMANENT_FAILURE_REASONS[code];
  if (never !== undefined) return { kind: "final", mayHaveActed: false, reason: reasonWithCode(never) };
  // Of an answer that breaks off axios keeps what there was; of one that is too long, nothing.
  if (code === "ERR_BAD_RESPONSE" && axios.isAxiosError(error) && error.response === undefined) {
    const reason = `its answer has more than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`;
    return { kind: "final", mayHaveActed: true, reason };
  }
  return { kind: "broken", mayHaveActed: true, reason: reasonWithCode("the connection broke") };
}
