/** The response to a request that no instance answers. */
import { type ClientRequest, type ClientResponse, closeAfter, sendResponse } from "./httpClient";

/** Status and reason. */
export interface Refusal {
  /**
   * - 400, 405, 431: the request is malformed, or one that the proxy does not pass on
   * - 404: no service on the port has the name of the request
   * - 408: the client stopped sending the request's body
   * - 421: the connection was made for another service
   * - 429: every instance that is ready has as many requests as it may have
   * - 502: the instance closed the connection, or did not speak HTTP
   * - 503: no instance was ready in time
   * - 504: the instance did not respond in time
   */
  readonly status: 400 | 404 | 405 | 408 | 421 | 429 | 431 | 502 | 503 | 504;
  /** A sentence for whoever reads the body. */
  readonly message: string;
}

/** The request belongs to no service on the port. */
export const UNKNOWN_HOST: Refusal = {
  status: 404,
  message: "No service on this port has the name of the request.",
};
/** The request belongs to another service. */
export const MISDIRECTED: Refusal = {
  status: 421,
  message: "This connection was made for another name than that of the request.",
};
/** Every instance is at its hard limit. */
export const TOO_MANY_REQUESTS: Refusal = {
  status: 429,
  message: "Every instance has as many requests as its hard limit allows.",
};
/** None became ready while the request waited. */
export const NOT_READY: Refusal = { status: 503, message: "No instance is ready." };
/** The instance failed. */
export const BAD_GATEWAY: Refusal = {
  status: 502,
  message: "The instance closed the connection or did not speak HTTP.",
};
/** The instance is too slow. */
export const GATEWAY_TIMEOUT: Refusal = { status: 504, message: "The instance did not respond in time." };

/** The client is too slow. */
export const UPLOAD_TIMEOUT: Refusal = { status: 408, message: "The request's body did not arrive in time." };

/** When a client should try again. Seconds. */
const RETRY_AFTER_S = 1;

/** Header fields and body of a refusal. Pure. */
export function refusalContent({ status, message }: Refusal): {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const body = `${message}\n`;
  return {
    body,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      ...(status === 429 || status === 503 ? { "retry-after": String(RETRY_AFTER_S) } : {}),
    },
  };
}

/**
 * Answers a request. The rest of its body is read and dropped: a client that is still sending could lose the response if the connection
 * closed. Only one that has stopped sending is cut.
 */
export function refuse(request: ClientRequest, response: ClientResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  if (refusal === UPLOAD_TIMEOUT) closeAfter(response);
  sendResponse(request, response, refusal.status, refusalContent(refusal));
  request.resume();
}
