/** Sends the request of a call: retries, and other variants of the request for older nodes. */
import { type Clock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { abortable } from "../../base/timeout";
import { type ResponseItems, isTruncated, parseItems, parseErrorResponse } from "./parseResponse";
import { type RequestContext, errorResponseError, transportError } from "../errors/apiErrors";
import type { HttpExchange, HttpResponse } from "./httpExchange";
import {
  type ApiRequest,
  type RequestVariant,
  NEWEST_VARIANT,
  resolveMethodAndPath,
  nextVariant,
  adaptRequest,
} from "./apiCompatibility";
import { type AttemptFailure, retryDelayMs } from "./retryPolicy";
import type { Method, PathTemplate, Route } from "../../contract/routes";
import type { Semaphore } from "../../base/semaphore";

/** Address and token of an API. */
export interface ApiEndpoint {
  /** Without a trailing slash or `/v1`. */
  readonly url: string;
  /** Bearer token. Secret. */
  readonly token: string;
  /** A sentence about the address, added to the error if nothing or another service responds there. */
  readonly note?: string | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** Cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the server may wait before it responds. Such a call does not count against the limit of concurrent requests. */
  readonly serverWaitMs?: number;
}

/** State shared by all calls of a client. */
export interface ClientContext {
  readonly metro: string;
  readonly exchange: HttpExchange;
  readonly clock: Clock;
  readonly semaphore: Semaphore;
  /** Limit of one attempt without server-side wait. Milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Resolve the address per attempt; `refused` is true after a refused connection. */
  readonly endpoints: Readonly<Record<Route["server"], (refused: boolean) => Promise<ApiEndpoint>>>;
  /** The variant that this metro's nodes last accepted, by route; see `apiCompatibility.ts`. */
  readonly variants: Map<string, RequestVariant>;
}

/** The items of a response and its request id. */
export interface ParsedResponse extends ResponseItems {
  readonly requestId: string | undefined;
}

/**
 * A query separates the values of a list by commas, so a value with a comma would be read as several: `a,b` would delete `a`.
 *
 * Throws `INPUT_INVALID`.
 */
function assertNoCommas({ query }: ApiRequest): void {
  for (const [key, values] of Object.entries(query ?? {}) as readonly (readonly [string, unknown])[]) {
    const all: readonly unknown[] = Array.isArray(values) ? values : [];
    const value = all.find((one) => typeof one === "string" && one.includes(","));
    if (value === undefined) continue;
    throw new UnikernelError("INPUT_INVALID", `The ${key} '${String(value)}' contains a comma.`, {
      hint: "Give one value; no object's name, UUID or tag that can be looked up contains a comma.",
    });
  }
}

/**
 * Sends a request in the variant that the metro last accepted, or in the newest. If a node rejects it, tries the older variants.
 *
 * Throws the error of the last attempt; if every variant was rejected, the error of the first one.
 */
export async function sendRequest(
  context: ClientContext,
  name: string,
  route: Route,
  request: ApiRequest,
  call: CallOptions,
): Promise<ParsedResponse> {
  assertNoCommas(request);
  let variant = context.variants.get(name) ?? NEWEST_VARIANT;
  let firstError: UnikernelError | undefined;
  for (;;) {
    try {
      const response = await sendVariant(context, route, variant, adaptRequest(name, request, variant), call);
      if (variant !== NEWEST_VARIANT) context.variants.set(name, variant);
      return response;
    } catch (error) {
      const status = UnikernelError.is(error) ? error.details["status"] : undefined;
      if (!UnikernelError.is(error) || typeof status !== "number" || ![400, 404, 405].includes(status)) throw error;
      const next = nextVariant(name, route, request, variant, status);
      if (next === undefined) throw firstError ?? error;
      firstError ??= error;
      variant = next;
    }
  }
}

/** Sends one variant of a request, with retries. */
async function sendVariant(
  context: ClientContext,
  route: Route,
  variant: RequestVariant,
  request: ApiRequest,
  call: CallOptions,
): Promise<ParsedResponse> {
  const { clock } = context;
  const methodAndPath = resolveMethodAndPath(route, variant);
  const requestContext = toRequestContext(context.metro, route, methodAndPath, request);
  const beganMs = clock.now();
  let wasRefused = false;
  for (let attempts = 1; ; attempts++) {
    call.signal?.throwIfAborted();
    // Before the permit is acquired, because resolving the address may need calls that take one.
    const endpoint = await abortable(context.endpoints[route.server](wasRefused), call.signal);
    const outcome = await attemptOnce(context, endpoint, methodAndPath, request, call, requestContext);
    if (outcome.kind === "response") {
      const { response } = outcome;
      const parsed = parseItems(route, response, requestContext, clock.now(), endpoint.note);
      return { ...parsed, requestId: response.requestId };
    }
    const retryState = { attempts, elapsedMs: clock.now() - beganMs };
    const delayMs = retryDelayMs(route.retry, outcome.failure, retryState, Math.random());
    if (delayMs === undefined) throw outcome.error;
    wasRefused = outcome.failure.kind === "not-sent";
    await clock.sleep(delayMs, call.signal);
  }
}

type AttemptOutcome =
  | { readonly kind: "response"; readonly response: HttpResponse }
  /** No usable response. `error` is thrown if there is no further attempt. */
  | { readonly kind: "failure"; readonly failure: AttemptFailure; readonly error: UnikernelError };

async function attemptOnce(
  context: ClientContext,
  endpoint: ApiEndpoint,
  { method, path }: { readonly method: Method; readonly path: PathTemplate },
  { path: parameters = {}, query, body }: ApiRequest,
  { signal, serverWaitMs = 0 }: CallOptions,
  requestContext: RequestContext,
): Promise<AttemptOutcome> {
  // A server-side wait takes no permit: it is cheap for the metro and would block other calls.
  const release = serverWaitMs > 0 ? undefined : await context.semaphore.acquire(signal);
  let response: Awaited<ReturnType<HttpExchange>>;
  try {
    response = await context.exchange({
      method,
      url: endpoint.url + fillPath(path, parameters),
      token: endpoint.token,
      query,
      body,
      timeoutMs: context.attemptTimeoutMs + serverWaitMs,
      signal,
    });
  } finally {
    release?.();
  }
  if ("kind" in response) {
    const error = transportError(requestContext, endpoint.url, response, endpoint.note);
    return { kind: "failure", failure: { kind: response.kind }, error };
  }
  if (response.status === 429 || response.status >= 500) {
    const errorResponse = parseErrorResponse(response, context.clock.now());
    const error = errorResponseError(requestContext, errorResponse);
    return { kind: "failure", failure: { kind: "status", ...errorResponse }, error };
  }
  if (response.status < 300 && isTruncated(response)) {
    const truncated = { reason: "truncated response", mayHaveActed: true, proxy: undefined };
    const error = transportError(requestContext, endpoint.url, truncated, endpoint.note);
    return { kind: "failure", failure: { kind: "broken" }, error };
  }
  return { kind: "response", response };
}

/** Fills in the parameters of a path. Throws `BUG` if one is missing. */
function fillPath(path: PathTemplate, parameters: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_braces, name: string) => {
    const value = parameters[name];
    if (value === undefined || value === "") throw new UnikernelError("BUG", `'${path}' was called without ${name}.`);
    return encodeURIComponent(value);
  });
}

function toRequestContext(
  metro: string,
  { server }: Route,
  { method, path }: { readonly method: Method; readonly path: PathTemplate },
  { path: parameters, query, body }: ApiRequest,
): RequestContext {
  const where = server === "metro" ? `in metro '${metro}'` : `of the control plane for metro '${metro}'`;
  return { description: `${method} ${path} ${where}`, metro, resource: findSubject(parameters, body, query) };
}

/** Uuid or name of the first object that a request names, in its path, body or query. */
function findSubject(...parts: readonly unknown[]): string | undefined {
  for (const part of parts) {
    const first: unknown = Array.isArray(part) ? part[0] : part;
    if (typeof first !== "object" || first === null) continue;
    const { uuid, name } = first as { readonly uuid?: unknown; readonly name?: unknown };
    const subject = [uuid, name].flat().find((one) => typeof one === "string" && one !== "");
    if (typeof subject === "string") return subject;
  }
  return undefined;
}
