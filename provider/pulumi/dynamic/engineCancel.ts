/**
 * The engine's Cancel call, which the first Ctrl-C causes. The dynamic provider process acknowledges it without telling the provider,
 * so this listens to the process's own HTTP/2 server. Signals come only once all operations have ended, or with the second Ctrl-C.
 *
 * Source: `cancel` in `cmd/dynamic-provider/index.ts` and `Cancel` in `provider.proto` of @pulumi/pulumi.
 */
import type { EventEmitter } from "node:events";

const CANCEL_PATH = "/pulumirpc.ResourceProvider/Cancel";

/** Calls `onCancel` for each Cancel call that this process receives. Without a server of its own, nothing is called. */
export function listenForCancel(onCancel: () => void): void {
  for (const server of findHttp2Servers()) {
    server.on("stream", (_stream: unknown, headers: Readonly<Record<string, unknown>>) => {
      if (headers[":path"] === CANCEL_PATH) onCancel();
    });
  }
}

/** Node has no public list of servers. */
function findHttp2Servers(): readonly EventEmitter[] {
  const { _getActiveHandles: getHandles } = process as unknown as { _getActiveHandles?: () => readonly object[] };
  const handles = getHandles?.call(process) ?? [];
  return handles.filter((handle): handle is EventEmitter => handle.constructor.name === "Http2Server");
}
