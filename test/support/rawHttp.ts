/** HTTP as bytes: requests that no normal client sends, and the exact responses. */
import * as net from "node:net";

/** One response on a connection. */
export interface RawResponse {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** A connection to a server on the loopback address. */
export class RawConnection {
  readonly socket: net.Socket;
  /** Resolves when the connection is closed by either side. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #changed: () => void = () => undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("error", () => undefined); // a broken connection shows as its end
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed();
    });
    this.closed = new Promise((resolve) => socket.once("close", () => (this.#changed(), resolve())));
  }

  static async open(url: string): Promise<RawConnection> {
    const socket = net.connect(Number(new URL(url).port), "127.0.0.1");
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawConnection(socket);
  }

  /** Sends bytes and waits for this many responses; fewer if the connection ends before. */
  async exchange(bytes: string | Buffer, count = 1): Promise<readonly RawResponse[]> {
    this.socket.write(bytes);
    const responses: RawResponse[] = [];
    while (responses.length < count) {
      const response = this.#next();
      if (response !== undefined) responses.push(response);
      else if (this.socket.destroyed) break;
      else await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    return responses;
  }

  #next(): RawResponse | undefined {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const headers = this.#received.subarray(0, end).toString("latin1");
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return undefined;
    const body = this.#received.subarray(end + 4, end + 4 + length).toString("utf8");
    this.#received = this.#received.subarray(end + 4 + length);
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(headers)?.[1]), headers, body };
  }
}

/** The bytes of a request; a header given here overrides the default. */
export function rawRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): string {
  const all = { host: "localhost", "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
