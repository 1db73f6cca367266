/** Follows the HTTP/1 requests and responses of one connection. Source: RFC 9112, section 6.3. */
import { type HttpBody, HttpMessageReader } from "./httpMessageReader";

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/1\.[01]$/;
const STATUS_LINE = /^HTTP\/1\.[01] \d{3}( |$)/;
/** Bytes of a first line that {@link startsHttpRequest} looks at. */
const REQUEST_LINE_BYTES = 8192;

/** True if these first bytes of a connection begin an HTTP request. */
export const startsHttpRequest = (chunk: Buffer): boolean =>
  REQUEST_LINE.test(/^[^\r\n]*(?=\r?\n)/.exec(chunk.toString("latin1", 0, REQUEST_LINE_BYTES))?.[0] ?? "");

/** What is in flight on a connection. A connection is HTTP from its first request until something else passes. */
export class HttpExchanges {
  /** Methods of the requests that have no response yet, or an unfinished one. */
  readonly #unanswered: string[] = [];
  readonly #requests: HttpMessageReader;
  readonly #responses: HttpMessageReader;
  #hasRequest = false;
  #isPersistent = true;

  /** @param onRequest called for the head of each request */
  constructor(onRequest: () => void) {
    this.#requests = new HttpMessageReader({
      startLine: REQUEST_LINE,
      onHead: (head) => {
        this.#unanswered.push(head.slice(0, head.indexOf(" ")));
        this.#hasRequest = true;
        const framing = framingOf(head);
        this.#isPersistent &&= isPersistent(framing);
        onRequest();
        return declaredBody(framing) ?? { framing: "none" };
      },
      onEnd: () => undefined,
    });
    this.#responses = new HttpMessageReader({
      startLine: STATUS_LINE,
      onHead: (head) => {
        const framing = framingOf(head);
        this.#isPersistent &&= isPersistent(framing);
        const body = responseBody(framing, this.#unanswered[0]);
        if (body === "interim") this.#unanswered.unshift(this.#unanswered[0] ?? ""); // its end takes one off again
        return body === "interim" ? { framing: "none" } : body;
      },
      onEnd: () => void this.#unanswered.shift(),
    });
  }

  /** What follows in both directions is another protocol. */
  startTunnel(): void {
    this.#requests.startOtherProtocol();
    this.#responses.startOtherProtocol();
  }

  /** Follows bytes from the client. */
  fromClient(chunk: Buffer): void {
    this.#requests.read(chunk);
  }

  /** Follows bytes from the instance. */
  fromInstance(chunk: Buffer): void {
    this.#responses.read(chunk);
  }

  /** The instance sends nothing more. */
  instanceEnded(): void {
    this.#responses.end();
    this.#unanswered.length = 0;
  }

  /** False before the first request, and for other protocols, such as after an upgrade. */
  get isHttp(): boolean {
    return this.#hasRequest && !this.#requests.isOtherProtocol && !this.#responses.isOtherProtocol;
  }

  /** True if every request has its complete response. The client may be sending the next request. */
  get isAnswered(): boolean {
    return this.isHttp && this.#unanswered.length === 0 && this.#responses.isAtBoundary;
  }

  /** True between two exchanges. */
  get isIdle(): boolean {
    return this.isAnswered && this.#requests.isAtBoundary;
  }

  /** True between two exchanges of a connection that both sides keep open. */
  get awaitsRequest(): boolean {
    return this.isIdle && this.#isPersistent;
  }

  /** True while part of a request or response is missing. */
  get isInFlight(): boolean {
    return this.isHttp && !this.isIdle;
  }

  /** True during a response that only the end of the connection completes. */
  get endsWithConnection(): boolean {
    return this.isHttp && this.#responses.endsWithConnection;
  }
}

/** The first line of a head, and the fields that tell where its message or connection ends. */
const framingOf = (head: string): string => `${head.split("\n", 1)[0]}\n${head.match(FRAMING_FIELD)?.join("\n") ?? ""}`;
const FRAMING_FIELD = /^(?:connection|transfer-encoding|content-length):.*$/gim;

/** False if the connection ends after this message. HTTP/1.0 needs an agreement to keep it open. Source: RFC 9112, section 9.3. */
const isPersistent = (head: string): boolean =>
  /HTTP\/1\.1/.test(head.split("\n", 1)[0] ?? "")
    ? !/^connection:.*\bclose\b/im.test(head)
    : /^connection:.*\bkeep-alive\b/im.test(head);

/** The body after the head of a response to `method`; `interim`: another response follows; `undefined`: a tunnel follows. */
function responseBody(head: string, method: string | undefined): HttpBody | "interim" | undefined {
  const status = Number(head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
  if (status === 101 || (method === "CONNECT" && status >= 200 && status < 300)) return undefined;
  if (status < 200) return "interim";
  if (method === "HEAD" || status === 204 || status === 304) return { framing: "none" };
  return declaredBody(head) ?? { framing: "until-close" };
}

/** The body that the header fields of a message declare. */
function declaredBody(head: string): HttpBody | undefined {
  if (/^transfer-encoding:.*\bchunked[ \t]*$/im.test(head)) return { framing: "chunked" };
  if (/^transfer-encoding:/im.test(head)) return { framing: "until-close" };
  const length = /^content-length:[ \t]*(\d+)[ \t]*(,|$)/im.exec(head)?.[1];
  return length === undefined ? undefined : { framing: "counted", bytes: Number(length) };
}
