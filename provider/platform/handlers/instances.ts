/** Instances: finds the actor, asks it, shows what became of it. */
import type { CreateInstanceRequest } from "../../api/models";
import type { BodyOf } from "../../api/routes";
import type { InstanceActor } from "../instance/actor";
import { readConsoleLog } from "../instance/consoleLog";
import { createInstance, withName } from "../instance/create";
import type { Platform } from "../platform";
import { enforceQuota } from "../quota";
import { instanceItem } from "./instanceItem";
import { goneItem, isIn, isSettled, isTimedOut, TIMED_OUT, timedOutItem, waitForState } from "./instanceWait";
import type { FailedItem, Handlers, Selector } from "./request";
import { HttpRefusal } from "../http/reply";
import { eachItem, find, readItems } from "./select";

type InstanceRoutes =
  | "createInstance"
  | "getInstances"
  | "deleteInstances"
  | "startInstances"
  | "stopInstances"
  | "waitInstances"
  | "getInstanceLogs";

const DEFAULT_LOG_BYTES = 4096;
const MAX_DRAIN_MS = 3_600_000;

/** Handlers of `/v1/instances`. */
export function instanceHandlers(platform: Platform): Pick<Handlers, InstanceRoutes> {
  const { log } = platform.parts;
  const facts = (actor: InstanceActor) => actor.record;
  // The id of an instance becomes invalid with the delete, before its VM is gone.
  const visible = () => [...platform.instances.values()].filter((actor) => !actor.isBeingDeleted);
  const named = (selector: Selector): InstanceActor => find(visible(), facts, "instance", selector);
  const withMessage = <T extends object>(items: readonly T[]) => ({
    items,
    ...(items.some(isTimedOut) ? { message: TIMED_OUT } : {}),
  });

  async function create(body: CreateInstanceRequest, signal: AbortSignal) {
    const actor = await withName(platform, body, (name) => createInstance(platform, name, body));
    const { uuid, name } = actor.record;
    log.write("instance.created", { uuid, name, digest: actor.record.definition.digest });
    if (body.autostart !== true) return instanceItem(platform, actor);
    try {
      await actor.request("start");
    } catch (error) {
      await actor.request("delete"); // a create that fails leaves nothing behind
      throw error;
    }
    const timeoutS = body.timeout_s ?? 0;
    const end = timeoutS === 0 ? "met" : await waitForState(platform, actor, isSettled, timeoutS, signal);
    return end === "timed-out" ? timedOutItem(actor) : instanceItem(platform, actor);
  }

  async function start(actor: InstanceActor) {
    const previous = actor.state;
    const { memoryMb, vcpus } = actor.record.definition;
    if (previous === "stopped")
      enforceQuota(platform, { live_instances: 1, live_vcpus: vcpus, live_memory_mb: memoryMb });
    await actor.request("start");
    return { ...instanceItem(platform, actor), previous_state: previous };
  }

  async function stop(entry: BodyOf<"stopInstances">[number]) {
    const actor = named(entry);
    const previous = actor.state;
    const drainTimeoutMs = entry.drain_timeout_ms === -1 ? MAX_DRAIN_MS : (entry.drain_timeout_ms ?? 0);
    await actor.request(entry.force === true ? "force-stop" : "stop", { drainTimeoutMs });
    return { ...instanceItem(platform, actor), previous_state: previous };
  }

  async function remove(actor: InstanceActor) {
    const { uuid, name } = actor.record;
    const previous = actor.state;
    await actor.request("delete");
    return { status: "success" as const, uuid, name, previous_state: previous };
  }

  async function readLog(selector: Selector, offset: number, limit: number) {
    const { record, state } = named(selector);
    const { bytes, available, range } = await readConsoleLog(platform.parts.vmm.consoleLog(record.uuid), offset, limit);
    const output = Buffer.from(bytes).toString("base64");
    return { status: "success" as const, uuid: record.uuid, name: record.name, output, available, range, state };
  }

  return {
    createInstance: async ({ body, signal }) => withMessage(await eachItem([body], log, () => create(body, signal))),

    getInstances: async (request) => {
      const tags = request.query.tags ?? [];
      const all = visible().filter((actor) => tags.every((tag) => actor.record.definition.tags.includes(tag)));
      const items = await readItems(
        request,
        log,
        all.map(withCreation),
        (one) => one,
        "instance",
        ({ actor }) => instanceItem(platform, actor),
      );
      return { items };
    },

    deleteInstances: async ({ body }) => ({ items: await eachItem(body, log, (selector) => remove(named(selector))) }),

    startInstances: async ({ body }) => ({ items: await eachItem(body, log, (selector) => start(named(selector))) }),

    stopInstances: async ({ body }) => {
      const both = body.find((entry) => entry.force === true && entry.drain_timeout_ms !== undefined);
      if (both !== undefined) throw new HttpRefusal(400, "'drain_timeout_ms' cannot be given together with 'force'");
      return { items: await eachItem(body, log, stop) };
    },

    waitInstances: async ({ query, selectors, signal }) => {
      if (selectors.length === 0) throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given");
      const indexed = selectors.map((selector, index) => ({ ...selector, index }));
      const items = await eachItem(
        indexed,
        log,
        async ({ index, ...selector }): Promise<object & (ReturnType<typeof instanceItem> | FailedItem)> => {
          const actor = named(selector as Selector); // what was spread above, without the index
          const wanted = query.state?.[index] ?? query.state?.[0] ?? "running";
          const timeoutS = query.timeout_s?.[index] ?? query.timeout_s?.[0] ?? -1;
          const end = await waitForState(platform, actor, isIn(wanted), timeoutS, signal);
          if (end === "gone") return goneItem(actor);
          return end === "met" ? instanceItem(platform, actor) : timedOutItem(actor);
        },
      );
      return withMessage(items);
    },

    getInstanceLogs: async ({ query, selectors }) => {
      if (selectors.length === 0) throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given");
      const indexed = selectors.map((selector, index) => ({ ...selector, index }));
      const items = await eachItem(indexed, log, ({ index, ...selector }) => {
        const offset = query.offset?.[index] ?? query.offset?.[0] ?? -DEFAULT_LOG_BYTES;
        const limit = query.limit?.[index] ?? query.limit?.[0] ?? DEFAULT_LOG_BYTES;
        return readLog(selector as Selector, offset, limit); // what was spread above, without the index
      });
      return { items };
    },
  };
}

const withCreation = (actor: InstanceActor) => ({
  uuid: actor.record.uuid,
  name: actor.record.name,
  createdAt: actor.record.createdAt,
  actor,
});
