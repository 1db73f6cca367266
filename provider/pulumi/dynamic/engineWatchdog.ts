/**
 * Ends this process when its engine is gone. After SIGKILL of the engine the dynamic provider process and its shell
 * stay behind, without anybody who could ever call them again.
 */
import * as net from "node:net";

const PROBE_INTERVAL_MS = 2_000;
/** So many looks in a row must find nobody: one refused connection may be a busy machine. */
const MAX_MISSED_PROBES = 3;

/** The engine's address, `host:port`; `undefined` when this is not the engine's process (a program, a test of ours). */
export function engineAddress(argv: readonly string[]): { readonly host: string; readonly port: number } | undefined {
  // Flags of the engine, such as -v=9, stand before the address.
  const [script = "", address = ""] = [argv[1], argv.at(-1)];
  const match = /^(.+):(\d+)$/.exec(address);
  return /[\\/]dynamic-provider[\\/]?(index\.js)?$/.test(script) && match?.[1] !== undefined
    ? { host: match[1], port: Number(match[2]) }
    : undefined;
}

const isListening = (address: { readonly host: string; readonly port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ ...address, timeout: PROBE_INTERVAL_MS });
    const settleWith = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", settleWith(true));
    // Slow is not gone: only a refusal says that nobody listens any more.
    socket.once("timeout", settleWith(true));
    socket.once("error", settleWith(false));
  });

/** Looks for the engine from now on, and calls `onGone` once when it is gone. Does not keep the process alive. */
export function watchEngine(address: { readonly host: string; readonly port: number }, onGone: () => void): void {
  let missed = 0;
  const probe = async (): Promise<void> => {
    missed = (await isListening(address)) ? 0 : missed + 1;
    if (missed >= MAX_MISSED_PROBES) onGone();
    else setTimeout(() => void probe(), PROBE_INTERVAL_MS).unref();
  };
  void probe();
}
