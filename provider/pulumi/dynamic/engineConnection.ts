/**
 * The connection to the engine, which is kept open so that its end is noticed at once. After SIGKILL of the engine the dynamic
 * provider process and its shell stay behind, without anybody who could ever call them again; whatever they still sent would race
 * the next `pulumi up`.
 */
import * as net from "node:net";

/** Where the engine listens. */
export interface EngineAddress {
  readonly host: string;
  readonly port: number;
}

/** Time to the next attempt when the engine keeps no connection. */
const RETRY_MS = 1_000;

/** The engine's address, `host:port`; `undefined` when this is not the engine's process (a program, a test of ours). */
export function engineAddress(argv: readonly string[]): EngineAddress | undefined {
  // Flags of the engine, such as -v=9, stand before the address.
  const [script = "", address = ""] = [argv[1], argv.at(-1)];
  const match = /^(.+):(\d+)$/.exec(address);
  return /[\\/]dynamic-provider[\\/]?(index\.js)?$/.test(script) && match?.[1] !== undefined
    ? { host: match[1], port: Number(match[2]) }
    : undefined;
}

/**
 * Connects to the engine, and calls `onGone` once when nobody listens there any more. Does not keep the process alive.
 *
 * A connection that ends is opened again at once, because the engine's server closes one that says nothing after two minutes. Only if
 * that fails is the engine gone: a port of a process that has ended refuses.
 */
export function watchEngine(address: EngineAddress, onGone: () => void): void {
  const connectLater = (): void => void setTimeout(() => connect(true), RETRY_MS).unref();
  const connect = (afterShortConnection: boolean): void => {
    const beganMs = Date.now();
    let isConnected = false;
    let refusal: string | undefined;
    const socket = net.connect(address);
    socket.unref();
    socket.once("connect", () => (isConnected = true));
    // What the server says is read, and dropped: the end of a stream that nobody reads is not reported.
    socket.resume();
    socket.on("error", (error: NodeJS.ErrnoException) => (refusal = error.code));
    socket.once("close", () => {
      const isShort = Date.now() - beganMs < RETRY_MS;
      if (isConnected && !(isShort && afterShortConnection)) connect(isShort);
      else if (!isConnected && refusal === "ECONNREFUSED") onGone();
      // A server that keeps no connection, or a machine out of sockets.
      else connectLater();
    });
  };
  connect(false);
}

const gone = new AbortController();

/** Aborts when the engine is gone, right before the process exits. */
export const engineGone: AbortSignal = gone.signal;

/** Aborts everything, so that children of this process end too, and exits before anything else can be sent. */
export function exitWithoutEngine(): void {
  gone.abort(new Error("The Pulumi engine is gone."));
  process.exit(0);
}
