/** Finds where HTTP/1 messages begin and end in one direction of a connection, from the bytes that pass. Source: RFC 9112. */

/** The body that follows a head. */
export type HttpBody =
  { readonly framing: "none" | "chunked" | "until-close" } | { readonly framing: "counted"; readonly bytes: number };

/** What a reader asks and reports. */
export interface HttpMessageEvents {
  /** Matches the first line of a message, without its line end. */
  readonly startLine: RegExp;
  /** A head has passed, its lines joined by `\n`. Returns the body that follows; `undefined`: the rest is another protocol. */
  readonly onHead: (head: string) => HttpBody | undefined;
  /** A message has passed as a whole. */
  readonly onEnd: () => void;
}

type Position =
  | "start"
  | "head"
  | "counted"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailer"
  | "until-close"
  | "other-protocol";

/** Longest head or other line; a longer one is taken for another protocol. */
const MAX_HEAD_BYTES = 64 * 1024;
const LF = 0x0a;

/** Follows the messages of one direction. Whatever is not HTTP/1 makes the rest {@link isOtherProtocol}. */
export class HttpMessageReader {
  readonly #events: HttpMessageEvents;
  #position: Position = "start";
  /** Lines of the head so far. */
  #head = "";
  /** Start of a line whose end has not passed. */
  #line = "";
  /** Bytes that are missing from a body or a chunk of it. */
  #missing = 0;

  constructor(events: HttpMessageEvents) {
    this.#events = events;
  }

  /** True between two messages. */
  get isAtBoundary(): boolean {
    return this.#position === "start" && this.#line === "";
  }

  /** True in a body that ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#position === "until-close";
  }

  /** True from the first byte that cannot be HTTP/1. */
  get isOtherProtocol(): boolean {
    return this.#position === "other-protocol";
  }

  /** What follows is not HTTP/1. */
  startOtherProtocol(): void {
    this.#position = "other-protocol";
  }

  /** Follows the next bytes. */
  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#position === "until-close" || this.#position === "other-protocol") return;
      const isData = this.#position === "counted" || this.#position === "chunk-data";
      at = isData ? this.#readData(chunk, at) : this.#readLine(chunk, at);
    }
  }

  /** No more bytes follow. What has passed of a message counts as all of it. */
  end(): void {
    if (!this.isAtBoundary && !this.isOtherProtocol) this.#endMessage();
  }

  #readData(chunk: Buffer, at: number): number {
    const length = Math.min(this.#missing, chunk.length - at);
    this.#missing -= length;
    if (this.#missing === 0) {
      if (this.#position === "chunk-data") this.#position = "chunk-end";
      else this.#endMessage();
    }
    return at + length;
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    const next = end < 0 ? chunk.length : end + 1;
    if (this.#head.length + this.#line.length + next - at > MAX_HEAD_BYTES) {
      this.#position = "other-protocol";
      return next;
    }
    this.#line += chunk.toString("latin1", at, next);
    if (end < 0) return next;
    const line = this.#line.slice(0, this.#line.endsWith("\r\n") ? -2 : -1);
    this.#line = "";
    this.#position = this.#afterLine(line);
    if (this.#position === "start" && this.#head !== "") this.#endMessage();
    return next;
  }

  /** The position after a line. `start` after a line of a message: the message has ended. */
  #afterLine(line: string): Position {
    switch (this.#position) {
      case "start":
        if (line === "") return "start"; // section 2.2: blank lines before a message are ignored
        this.#head = line;
        return this.#events.startLine.test(line) ? "head" : "other-protocol";
      case "head":
        if (line === "") return this.#bodyPosition(this.#events.onHead(this.#head));
        this.#head += `\n${line}`;
        return "head";
      case "chunk-size": {
        const size = /^([0-9a-f]{1,12})[ \t]*(;|$)/i.exec(line)?.[1];
        if (size === undefined) return "other-protocol";
        this.#missing = Number.parseInt(size, 16);
        return this.#missing === 0 ? "trailer" : "chunk-data";
      }
      case "chunk-end":
        return line === "" ? "chunk-size" : "other-protocol";
      default:
        return line === "" ? "start" : "trailer";
    }
  }

  #bodyPosition(body: HttpBody | undefined): Position {
    if (body === undefined) return "other-protocol";
    if (body.framing === "chunked") return "chunk-size";
    if (body.framing === "until-close") return "until-close";
    this.#missing = body.framing === "counted" ? body.bytes : 0;
    return this.#missing === 0 ? "start" : "counted";
  }

  #endMessage(): void {
    this.#position = "start";
    this.#head = "";
    this.#line = "";
    this.#events.onEnd();
  }
}
