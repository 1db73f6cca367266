/** Streams of server-sent events: the state of the platform, and the console log of an instance. Source: WHATWG HTML, 9.2. */
import { once } from "node:events";
import type * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readConsoleLog } from "../../instances/consoleLog";
import type { Registry } from "../../registry";
import { takeSnapshot } from "./snapshot";

/** Time after which the state is sent although nothing changed: memory and traffic do not announce themselves. */
const REFRESH_MS = 2_000;
/** Shortest time between two states. */
const MIN_INTERVAL_MS = 250;
const LOG_INTERVAL_MS = 250;
/** How much of a log is sent at once, and of its past. */
const LOG_BYTES = 64 * 1024;

/** Sends one event and waits while the client is slower. */
async function send(response: http.ServerResponse, event: string, data: unknown, gone: AbortSignal): Promise<void> {
  if (!response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
    await once(response, "drain", { signal: gone });
}

function begin(response: http.ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
}

/** Sends the state now and after each change, until the client has gone. Rejects when the signal aborts. */
export async function streamState(registry: Registry, response: http.ServerResponse, gone: AbortSignal): Promise<void> {
  begin(response);
  for (;;) {
    await send(response, "state", await takeSnapshot(registry), gone);
    await sleep(MIN_INTERVAL_MS, undefined, { signal: gone });
    let looks = 0;
    const timeout = AbortSignal.any([gone, AbortSignal.timeout(REFRESH_MS)]);
    await registry.changes.waitUntil(() => looks++ > 0, timeout); // the first look is now, before any change
    gone.throwIfAborted();
  }
}

/** Sends the end of a console log and what is added to it, until the client has gone. Rejects when the signal aborts. */
export async function streamLog(file: string, response: http.ServerResponse, gone: AbortSignal): Promise<void> {
  begin(response);
  let decoder = new TextDecoder();
  for (let offset = -LOG_BYTES; ;) {
    const { bytes, available, range } = await readConsoleLog(file, offset, LOG_BYTES);
    if (offset > available.end) {
      await send(response, "restart", null, gone); // the log of a new VM begins anew
      [offset, decoder] = [0, new TextDecoder()];
      continue;
    }
    if (bytes.length > 0) await send(response, "log", decoder.decode(bytes, { stream: true }), gone);
    else await sleep(LOG_INTERVAL_MS, undefined, { signal: gone });
    offset = range.end;
  }
}
