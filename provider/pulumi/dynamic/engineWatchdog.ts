/**
 * Ends this process when its engine is gone. After SIGKILL of the engine the dynamic provider process and its shell
 * stay behind, without anybody who could ever call them again.
 */
import * as net from "node:net";

const LOOK_EVERY_MS = 2_000;
/** So many looks in a row must find nobody: one refused connection may be a busy machine. */
const LOOKS = 3;

/** The engine's address, `host:port`; `undefined` when this is not the engine's process (a program, a test of ours). */
export function engineAddress(argv: readonly string[]): { readonly host: string; readonly port: number } | undefined {
  // Flags of the engine, such as -v=9, stand before the address.
  const [script = "", address = ""] = [argv[1], argv.at(-1)];
  const match = /^(.+):(\d+)$/.exec(address);
  return /[\\/]dynamic-provider[\\/]?(index\.js)?$/.test(script) && match?.[1] !== undefined
    ? { host: match[1], port: Number(match[2]) }
    : undefined;
}

const answers = (address: { readonly host: string; readonly port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ ...address, timeout: LOOK_EVERY_MS });
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", end(true));
    // Slow is not gone: only a refusal says that nobody listens any more.
    socket.once("timeout", end(true));
    socket.once("error", end(false));
  });

/** Looks for the engine from now on, and calls `onGone` once when it is gone. Does not keep the process alive. */
export function watchEngine(address: { readonly host: string; readonly port: number }, onGone: () => void): void {
  let missed = 0;
  const look = async (): Promise<void> => {
    missed = (await answers(address)) ? 0 : missed + 1;
    if (missed >= LOOKS) onGone();
    else setTimeout(() => void look(), LOOK_EVERY_MS).unref();
  };
  void look();
}
