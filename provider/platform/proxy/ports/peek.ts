/** Looks at the first bytes of a connection and leaves them to whoever reads it next. */
import type * as net from "node:net";

/** How much is read at most. */
export interface PeekLimits {
  readonly timeoutMs: number;
  readonly bytes: number;
}

/**
 * Reads a paused socket until `parse` returns something other than "incomplete", and puts the bytes back. The socket is paused again.
 * `undefined` if the connection ends, fails or reaches a limit before.
 */
export function peek<T extends { readonly kind: string }>(
  socket: net.Socket,
  parse: (bytes: Buffer) => T,
  limits: PeekLimits,
): Promise<Exclude<T, { readonly kind: "incomplete" }> | undefined> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (found: Exclude<T, { readonly kind: "incomplete" }> | undefined): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).pause();
      if (bytes.length > 0 && !socket.destroyed) socket.unshift(bytes);
      resolve(found);
    };
    const onEnd = (): void => settle(undefined);
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const found = parse(bytes);
      if (found.kind !== "incomplete") settle(found as Exclude<T, { readonly kind: "incomplete" }>);
      else if (bytes.length >= limits.bytes) settle(undefined);
    };
    const timer = setTimeout(onEnd, limits.timeoutMs);
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).resume();
  });
}
