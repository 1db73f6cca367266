/**
 * Ends this process when its engine is gone. After SIGKILL of the engine, the dynamic provider process and its shell
 * would otherwise keep running forever.
 */
import * as net from "node:net";

const PROBE_INTERVAL_MS = 2_000;
/** Consecutive probes that must fail: a single refused connection may come from a busy machine. */
const MAX_MISSED_PROBES = 3;

/** The engine's address from the process arguments; undefined if this is not a dynamic provider process (a program, a test). */
export function engineAddress(argv: readonly string[]): { readonly host: string; readonly port: number } | undefined {
  // The address is last; flags of the engine, such as -v=9, come before it.
  const [script = "", address = ""] = [argv[1], argv.at(-1)];
  const match = /^(.+):(\d+)$/.exec(address);
  return /[\\/]dynamic-provider[\\/]?(index\.js)?$/.test(script) && match?.[1] !== undefined
    ? { host: match[1], port: Number(match[2]) }
    : undefined;
}

const isListening = (address: { readonly host: string; readonly port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ ...address, timeout: PROBE_INTERVAL_MS });
    const settleWith = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once("connect", settleWith(true));
    // A slow engine is still there: only an error shows that nothing listens.
    socket.once("timeout", settleWith(true));
    socket.once("error", settleWith(false));
  });

/** Probes the engine every 2 s and calls `onGone` once after 3 failed probes in a row. Does not keep the process alive. */
export function watchEngine(address: { readonly host: string; readonly port: number }, onGone: () => void): void {
  let missed = 0;
  const probe = async (): Promise<void> => {
    missed = (await isListening(address)) ? 0 : missed + 1;
    if (missed >= MAX_MISSED_PROBES) onGone();
    else setTimeout(() => void probe(), PROBE_INTERVAL_MS).unref();
  };
  void probe();
}
