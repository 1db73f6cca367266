/**
 * Keeps a connection to the engine open to notice at once when the engine ends. After a SIGKILL of the engine, the dynamic provider
 * process and its shell keep running although nothing can call them; any further request would race the next `pulumi up`.
 */
import * as net from "node:net";

/** Where the engine listens. */
export interface EngineAddress {
  readonly host: string;
  readonly port: number;
}

/** A connection that lives less than this is a failed attempt. Also the longest time until the next one. */
const SHORT_MS = 1_000;
/** Time until the first repeated attempt; doubles with each one. */
const FIRST_RETRY_MS = 25;

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
 * Connects to the engine, and calls `onGone` once when its port refuses connections. Does not keep the process alive.
 *
 * A closed connection is reopened at once, because the engine's server closes idle ones after two minutes. If the port then refuses
 * the connection, the engine has ended. A process that is being killed may accept or reset a few more before that.
 */
export function watchEngine(address: EngineAddress, onGone: () => void): void {
  const connect = (failedAttempts: number): void => {
    const beganMs = Date.now();
    let isConnected = false;
    let refusal: string | undefined;
    const socket = net.connect(address);
    socket.unref();
    socket.once("connect", () => (isConnected = true));
    // Received data is discarded. Node reports the end of a stream only if it is read.
    socket.resume();
    socket.on("error", (error: NodeJS.ErrnoException) => (refusal = error.code));
    socket.once("close", () => {
      if (!isConnected && refusal === "ECONNREFUSED") onGone();
      else if (isConnected && Date.now() - beganMs >= SHORT_MS) connect(0);
      // Also when the server keeps no connection, or the machine is out of sockets.
      else {
        const retryMs = Math.min(FIRST_RETRY_MS * 2 ** failedAttempts, SHORT_MS);
        setTimeout(() => connect(failedAttempts + 1), retryMs).unref();
      }
    });
  };
  connect(0);
}

const gone = new AbortController();

/** Aborts when the engine is gone, right before the process exits. */
export const engineGone: AbortSignal = gone.signal;

/** Aborts everything, so that children of this process end too, and exits before anything else can be sent. */
export function exitWithoutEngine(): void {
  gone.abort(new Error("The Pulumi engine is gone."));
  process.exit(0);
}
