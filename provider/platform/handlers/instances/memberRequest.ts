/** Sends one HTTP request to one instance, past its service. */
import { withTimeout } from "../../../base/timeout";
import type { MemberRequestItem } from "../../../contract/models";
import type { BodyOf } from "../../../contract/routes";
import { ApiItemError } from "../../errors";
import { exchange } from "../../instances/lifecycle/probe/httpExchange";
import { findInstance } from "../../lookup";
import type { Registry } from "../../registry";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

type Entry = BodyOf<"requestInstances">[number];

/** Handler of `/v1/instances/request`. */
export function memberRequestHandlers(registry: Registry): Pick<Handlers, "requestInstances"> {
  async function send(entry: Entry, clientSignal: AbortSignal): Promise<MemberRequestItem> {
    const instance = findInstance(registry, entry);
    const { uuid, name, serviceUuid } = instance.record;
    const rotation = registry.services.get(serviceUuid ?? "")?.proxy.rotation;
    if (rotation === undefined) throw new ApiItemError("Invalid", `Instance '${name}' is in no service group`);
    const { port, path, method, headers, timeout_ms: timeoutMs } = entry;
    const item = { status: "success" as const, uuid, name };
    return withTimeout(timeoutMs, clientSignal, async (signal) => {
      // A lease keeps it awake, as a client's connection does.
      const lease = await rotation.acquireFrom(uuid, port, signal);
      if (lease === undefined) {
        const problem = signal.aborted
          ? `was not ready within ${timeoutMs} ms`
          : instance.state === "running"
            ? `does not accept connections at port ${port}`
            : `is ${instance.state}`;
        return { ...item, problem };
      }
      lease.traffic.recordRequest();
      lease.traffic.recordBytes("rx", 0, true);
      const response = await exchange(lease.socket, { method, path, headers, readsBody: true }, signal);
      lease.release("finished");
      if (response === undefined) {
        const problem = signal.aborted
          ? `did not respond to ${path} within ${timeoutMs} ms`
          : `closed the connection without a response to ${path}`;
        return { ...item, problem };
      }
      const { status, body } = response;
      return { ...item, http_status: status, ...(body === undefined ? {} : { body }) };
    });
  }
  return {
    requestInstances: async ({ body, signal }) => ({
      items: await mapItems(body, registry.parts.log, (entry) => send(entry, signal)),
    }),
  };
}
