/**
 * One HTTP exchange with a registry: bodies as streams in both directions, a limit on silence instead of one on the whole transfer, and
 * redirects that never leave TLS or carry credentials to another host.
 */
import { Readable } from "node:stream";
import axios, { type AxiosResponse } from "axios";
import { isError } from "../../base/errors";
import { isLoopbackHost } from "../../base/hostNames";
import { VERSION } from "../../base/version";
import { isAllowedUrl } from "./endpoint";
import { type RegistryRequest, malformedError, unreachableError } from "./errors";

/** Limit on silence: until the first byte of a response, counted from the last byte sent, and between two parts of a body. */
const SILENCE_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
/** A larger body that nobody needs closes its connection; a smaller one is read, for at most a second. */
const MAX_DISCARDED_BYTES = 64 * 1024;
const DISCARD_TIMEOUT_MS = 1_000;

/** A request to send. */
export interface HttpCall {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  /** Header `Authorization`; dropped when a redirect leads to another host. Secret. */
  readonly authorization?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes to send; `undefined` sends no body. */
  readonly body?: HttpBody | undefined;
  /** Limit until the response begins, for requests that a registry may work on for longer. Defaults to `silenceTimeoutMs`. */
  readonly responseTimeoutMs?: number;
  /** Limit on silence before the response and within it. Defaults to 30 s. */
  readonly silenceTimeoutMs?: number | undefined;
}

/** A body that can be sent more than once. */
export interface HttpBody {
  readonly sizeBytes: number;
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A response of any status. */
export interface HttpResponse {
  readonly status: number;
  readonly method: HttpCall["method"];
  /** URL that responded, after redirects. */
  readonly url: URL;
  /** The value of a header; `undefined` if missing. */
  header(name: string): string | undefined;
  /** The body in parts. Throws `API_UNREACHABLE` when none arrives in time. Ending the iteration early closes the connection. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** The first bytes of the body, at most `maxBytes`, and whether they are all. */
  read(maxBytes: number): Promise<{ readonly bytes: Buffer; readonly isComplete: boolean }>;
  /** Ends a response whose body is not needed. */
  discard(): void;
}

/** Sends a request. Throws `API_UNREACHABLE`, `API_SHAPE` (a redirect that is not allowed), or the signal's reason. */
export async function exchange(request: RegistryRequest, call: HttpCall, signal?: AbortSignal): Promise<HttpResponse> {
  let { url, authorization } = call;
  assertAllowed(request, url);
  for (let redirects = 0; ; redirects++) {
    const response = await sendOnce(request, { ...call, url, authorization }, signal);
    const location = response.header("location");
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== undefined;
    if (!isRedirect || (call.method !== "GET" && call.method !== "HEAD")) return response;
    response.discard();
    if (redirects === MAX_REDIRECTS) throw malformedError(request, `more than ${MAX_REDIRECTS} redirects`);
    const next = resolveLocation(request, location, url);
    if (next.host !== url.host) authorization = undefined; // storage often has another host, which must not see the token
    url = next;
  }
}

/** The absolute URL of a `Location` header. Throws `API_SHAPE` when it is malformed or leaves TLS. */
export function resolveLocation(request: RegistryRequest, location: string, base: URL): URL {
  const url = URL.parse(location, base.href);
  if (url === null) throw malformedError(request, "a malformed Location header");
  url.username = "";
  url.password = "";
  assertAllowed(request, url, base);
  return url;
}

function assertAllowed(request: RegistryRequest, url: URL, from?: URL): void {
  if (!isAllowedUrl(url, from))
    throw malformedError(request, `an address that is not HTTPS (${url.protocol}//${url.host})`);
}

const http = axios.create({
  responseType: "stream",
  validateStatus: () => true,
  maxRedirects: 0,
  decompress: false,
  maxBodyLength: Number.POSITIVE_INFINITY,
  maxContentLength: -1, // a limit would wrap the stream so that destroying it no longer ends a stalled read
  transformRequest: (data: unknown) => data,
});

async function sendOnce(
  request: RegistryRequest,
  call: HttpCall,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const silence = new SilenceTimer(call.responseTimeoutMs ?? call.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS);
  const source = call.body === undefined ? undefined : new SentBody(call.body, () => silence.restart());
  try {
    const response = await http.request<Readable>({
      method: call.method,
      url: call.url.href,
      headers: {
        "User-Agent": `pulumi-unikernel/${VERSION}`,
        "Accept-Encoding": "identity",
        ...call.headers,
        ...(call.authorization === undefined ? {} : { Authorization: call.authorization }),
        ...(call.body === undefined ? {} : { "Content-Length": String(call.body.sizeBytes) }),
      },
      data: source?.stream,
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
      ...(isLoopbackHost(call.url.host) ? { proxy: false } : {}),
    });
    return new StreamedResponse(request, call, response, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (source?.failure !== undefined) throw source.failure;
    throw unreachableError(request, silence.signal.aborted ? new Error("no response in time") : error);
  } finally {
    silence.stop();
    source?.stream.destroy(); // a registry may respond before it has read everything
  }
}

/** The stream of a body that is being sent, and why it could not be read to its end. */
class SentBody {
  readonly stream: Readable;
  failure: Error | undefined;

  constructor({ chunks }: HttpBody, onChunk: () => void) {
    this.stream = Readable.from(this.#report(chunks, onChunk), { objectMode: false, highWaterMark: 1024 * 1024 });
  }

  async *#report(chunks: HttpBody["chunks"], onChunk: () => void): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks()) {
        onChunk();
        yield chunk;
      }
    } catch (error) {
      this.failure = isError(error) ? error : new Error(String(error));
      throw error;
    }
  }
}

/** Aborts its signal when it is not restarted for a while. */
class SilenceTimer {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

class StreamedResponse implements HttpResponse {
  readonly status: number;
  readonly method: HttpCall["method"];
  readonly url: URL;
  readonly #request: RegistryRequest;
  readonly #isHead: boolean;
  readonly #silenceTimeoutMs: number;
  readonly #response: AxiosResponse<Readable>;
  readonly #signal: AbortSignal | undefined;

  constructor(
    request: RegistryRequest,
    { url, method, silenceTimeoutMs = SILENCE_TIMEOUT_MS }: HttpCall,
    response: AxiosResponse<Readable>,
    signal: AbortSignal | undefined,
  ) {
    this.status = response.status;
    this.method = method;
    this.url = url;
    this.#isHead = method === "HEAD";
    this.#silenceTimeoutMs = silenceTimeoutMs;
    this.#request = request;
    this.#response = response;
    this.#signal = signal;
  }

  header(name: string): string | undefined {
    const value: unknown = this.#response.headers[name];
    return typeof value === "string" ? value : undefined;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const stream = this.#response.data;
    const onAbort = (): void => void stream.destroy();
    const onIdle = (): void => void stream.destroy(new Error("the transfer stalled"));
    let timer = setTimeout(onIdle, this.#silenceTimeoutMs);
    this.#signal?.addEventListener("abort", onAbort);
    try {
      for await (const chunk of stream) {
        clearTimeout(timer); // the time that the caller takes does not count
        yield chunk as Uint8Array; // no encoding is set, so chunks are buffers
        timer = setTimeout(onIdle, this.#silenceTimeoutMs);
      }
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw unreachableError(this.#request, error);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", onAbort);
      stream.destroy();
    }
    this.#signal?.throwIfAborted();
  }

  async read(maxBytes: number): Promise<{ bytes: Buffer; isComplete: boolean }> {
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const part of this.chunks()) {
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes > maxBytes) return { bytes: Buffer.concat(parts).subarray(0, maxBytes), isComplete: false };
    }
    return { bytes: Buffer.concat(parts), isComplete: true };
  }

  discard(): void {
    const stream = this.#response.data.on("error", () => undefined).resume(); // an emptied connection can be used again
    if (this.#isHead) return;
    const sizeBytes = Number(this.header("content-length") ?? Number.POSITIVE_INFINITY);
    if (sizeBytes > MAX_DISCARDED_BYTES) stream.destroy();
    else setTimeout(() => stream.destroy(), DISCARD_TIMEOUT_MS).unref();
  }
}
