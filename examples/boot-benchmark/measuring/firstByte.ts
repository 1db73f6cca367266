/** Time until a server's first byte, by the monotonic clock. */
import * as net from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

/** Pause before another connection when one was refused or the platform, not the server, responded. */
const RETRY_MS = 10;

/**
 * Sends an HTTP request to a port of this machine until the server behind it responds with 200.
 *
 * @param since what `performance.now()` returned when the clock began
 * @returns milliseconds from then to the first byte of that response, and `undefined` if none came within `timeoutMs` of it
 */
export async function timeToFirstByte(port: number, since: number, timeoutMs: number): Promise<number | undefined> {
  for (;;) {
    const leftMs = since + timeoutMs - performance.now();
    if (leftMs <= 0) return undefined;
    const response = await request(port, leftMs);
    if (response?.status === 200) return response.firstByteAtMs - since;
    await delay(RETRY_MS);
  }
}

/** The status of a response and when it began; `undefined` if the connection ended before. */
function request(port: number, timeoutMs: number) {
  return new Promise<{ readonly status: number; readonly firstByteAtMs: number } | undefined>((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    let firstByteAtMs: number | undefined;
    let head = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      firstByteAtMs ??= performance.now();
      head += text;
      const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
      if (status === undefined) return;
      resolve({ status: Number(status), firstByteAtMs });
      socket.destroy();
    });
    socket.on("error", () => undefined); // 'close' follows
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    socket.write("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
  });
}
