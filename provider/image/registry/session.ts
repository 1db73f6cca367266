/** Sends requests to one registry: authorizes them, and repeats those that failed for a passing reason. */
import { setTimeout as delay } from "node:timers/promises";
import { UnikernelError } from "../../base/errors";
import { MAX_DOCUMENT_BYTES } from "../oci/storedImage";
import type { CredentialSource } from "./auth/credentials";
import { anonymous } from "./auth/credentialSource";
import { apiUrl } from "./endpoint";
import { type RegistryRequest, describeFailureBody, malformedError, statusError } from "./errors";
import { type HttpCall, type HttpResponse, exchange } from "./http";
import { isRetryableStatus, parseRetryAfter, retryDelayMs } from "./retry";
import { type Authorization, Authorizer, type Scope } from "./auth/tokens";

const MAX_FAILURE_BYTES = 16 * 1024;

/** Errors of a host that cannot be reached at all. A runtime then comes from the cache, so that giving up soon matters. */
const OFFLINE_CODES: readonly string[] = ["ENOTFOUND", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"];
const MAX_OFFLINE_ATTEMPTS = 2;

/** The registry to talk to. */
export interface RegistryClientOptions {
  /** Host with port if any: `index.unikraft.io`. Plain HTTP for loopback hosts, HTTPS for all others. */
  readonly registry: string;
  /** Defaults to anonymous access. */
  readonly credentials?: CredentialSource | undefined;
  /** Hosts (with port if any) that may issue tokens although they belong to another domain than the registry. Defaults to none. */
  readonly allowedTokenHosts?: readonly string[] | undefined;
  /** Aborts requests and transfers; `undefined` when nobody can cancel them. */
  readonly signal?: AbortSignal | undefined;
  /** Limit on silence of the registry before and within a response. Defaults to 30 s. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Waits between attempts; replaced by tests. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** A request to the API of the registry. */
export interface RegistryCall extends Omit<HttpCall, "url" | "authorization"> {
  /** Path below `/v2/`, or an absolute URL that the registry named. */
  readonly path: string | URL;
  readonly repository: string;
  readonly scopes: readonly Scope[];
  /** Statuses to return; any other is an error. */
  readonly expect: readonly number[];
  /** False for a request that must not be repeated blindly, because it changes something each time. Defaults to true. */
  readonly isRepeatable?: boolean;
}

/** Requests to one registry. */
export class RegistrySession {
  readonly registry: string;
  readonly #signal: AbortSignal | undefined;
  readonly #silenceTimeoutMs: number | undefined;
  readonly #authorizer: Authorizer;
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly #api: URL;

  constructor({ registry, credentials, allowedTokenHosts, signal, silenceTimeoutMs, sleep }: RegistryClientOptions) {
    this.registry = registry;
    this.#signal = signal;
    this.#silenceTimeoutMs = silenceTimeoutMs;
    this.#api = new URL(apiUrl(registry));
    this.#sleep = sleep ?? ((ms, stop) => delay(ms, undefined, stop === undefined ? {} : { signal: stop }));
    this.#authorizer = new Authorizer({
      registry,
      credentials: credentials ?? anonymous,
      allowedTokenHosts: allowedTokenHosts ?? [],
      send: (request, call) => this.#repeat(true, () => exchange(request, { ...call, silenceTimeoutMs }, signal)),
      fail: (request, response, wasAuthenticated) => this.#failure(request, response, wasAuthenticated),
      now: () => Date.now(),
      signal,
    });
  }

  /**
   * Sends a request and returns a response of an expected status. Throws `API_UNREACHABLE` (no response, 429 and 5xx, after retries),
   * `API_UNAUTHORIZED`, `NOT_FOUND`, `API_REJECTED` (other 4xx), `API_SHAPE`, or the signal's reason.
   */
  async send(request: RegistryRequest, call: RegistryCall): Promise<HttpResponse> {
    const url = typeof call.path === "string" ? new URL(call.path, this.#api) : call.path;
    const isOwnHost = url.host === this.#api.host;
    const { response, wasAuthenticated } = await this.#repeatAuthorized(request, call, url, isOwnHost);
    if (call.expect.includes(response.status)) return response;
    throw await this.#failure(request, response, wasAuthenticated, call.expect);
  }

  /** Sends a request and reads the document in its response, again if the connection breaks. Throws `API_SHAPE` for more than 4 MiB. */
  async fetchDocument(
    request: RegistryRequest,
    call: RegistryCall,
  ): Promise<{ readonly response: HttpResponse; readonly bytes: Buffer }> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.send(request, call);
      try {
        const { bytes, isComplete } = await response.read(MAX_DOCUMENT_BYTES);
        if (isComplete) return { response, bytes };
      } catch (error) {
        if (!UnikernelError.has(error, "API_UNREACHABLE") || !(await this.backOff(attempt))) throw error;
        continue;
      }
      throw malformedError(request, "a document larger than 4 MiB", response);
    }
  }

  /** Waits before another attempt; false when there have been too many. */
  async backOff(attempt: number, retryAfterMs?: number): Promise<boolean> {
    const waitMs = retryDelayMs(attempt, retryAfterMs, Math.random());
    if (waitMs === undefined) return false;
    await this.#sleep(waitMs, this.#signal).catch((error: unknown) => {
      this.#signal?.throwIfAborted();
      throw error;
    });
    return true;
  }

  async #repeatAuthorized(
    request: RegistryRequest,
    call: RegistryCall,
    url: URL,
    isOwnHost: boolean,
  ): Promise<{ response: HttpResponse; wasAuthenticated: boolean }> {
    const { repository, scopes } = call;
    const {
      path: _path,
      repository: _repository,
      scopes: _scopes,
      expect: _expect,
      isRepeatable = true,
      ...http
    } = call;
    let authorization = isOwnHost ? await this.#authorizer.current(request, repository, scopes) : undefined;
    const send = () =>
      this.#repeat(isRepeatable, () =>
        exchange(
          request,
          { ...http, url, authorization: authorization?.header, silenceTimeoutMs: this.#silenceTimeoutMs },
          this.#signal,
        ),
      );
    let response = await send();
    for (let isFinal = false; response.status === 401 && isOwnHost; isFinal = true) {
      // The header that was sent may have expired, so that one answer is tried before its rejection counts.
      const sent: Authorization | undefined = authorization;
      authorization = await this.#authorizer.answer(request, repository, scopes, { response, sent, isFinal });
      response = await send();
    }
    return { response, wasAuthenticated: authorization?.wasAuthenticated ?? false };
  }

  async #repeat(isRepeatable: boolean, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
    for (let attempt = 1; ; attempt++) {
      let response: HttpResponse | undefined;
      let retryAfterMs: number | undefined;
      try {
        response = await send();
        if (!isRetryableStatus(response.status) || (!isRepeatable && response.status !== 429)) return response;
        retryAfterMs = parseRetryAfter(response.header("retry-after"), Date.now());
      } catch (error) {
        if (!isRepeatable || !UnikernelError.has(error, "API_UNREACHABLE")) throw error;
        const isDown = OFFLINE_CODES.includes(String(error.details["systemCode"]));
        if ((isDown && attempt >= MAX_OFFLINE_ATTEMPTS) || !(await this.backOff(attempt))) throw error;
        continue;
      }
      if (!(await this.backOff(attempt, retryAfterMs))) return response;
      response.discard();
    }
  }

  async #failure(
    request: RegistryRequest,
    response: HttpResponse,
    wasAuthenticated: boolean,
    expected: readonly number[] = [200],
  ): Promise<Error> {
    const retryAfterMs = parseRetryAfter(response.header("retry-after"), Date.now());
    const body = await response.read(MAX_FAILURE_BYTES).catch(() => {
      this.#signal?.throwIfAborted();
      return { bytes: Buffer.alloc(0) };
    });
    const reason = describeFailureBody(body.bytes.toString("utf8"), this.#authorizer.secrets);
    const call = { method: response.method, url: response.url, expected };
    return statusError(request, { status: response.status, reason, wasAuthenticated, retryAfterMs, call });
  }
}
