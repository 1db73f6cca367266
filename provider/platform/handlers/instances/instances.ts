/** Creates, reads, starts, stops and deletes instances. */
import { isVisible, findInstance, readItems } from "../../lookup";
import type { CreateInstanceRequest, InstanceItem } from "../../../contract/models";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged, assertNotAutoscaleTemplate } from "../../autoscale/managedInstances";

import { assertWellFormedCreate, waitTimeoutS } from "../../instances/create/validate";
import type { Instance } from "../../instances/instance";
import { createInstances } from "../../instances/create/create";
import { isTemplateOrCheckpoint } from "../../instances/update/templates";
import type { Registry } from "../../registry";
import { ApiItemError, RequestError, type FailedItem } from "../../errors";
import { parseDrainTimeoutMs } from "./suspend";
import { instanceItem } from "./item";

import { notFoundItem, isInState, isSettled, neverMet, timedOutItem, waitForState, withTimeoutMessage } from "./wait";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

type InstanceRoutes = "createInstance" | "getInstances" | "deleteInstances" | "startInstances" | "stopInstances";

/** The handlers of `/v1/instances` for these operations. */
export function instanceHandlers(registry: Registry): Pick<Handlers, InstanceRoutes> {
  const { log } = registry.parts;

  async function create(body: CreateInstanceRequest, signal: AbortSignal): Promise<(InstanceItem | FailedItem)[]> {
    const instances = await createInstances(registry, body);
    if (body.autostart !== true) return instances.map((instance) => instanceItem(registry, instance));
    try {
      await Promise.all(instances.map((instance) => requestStart(registry, instance)));
    } catch (error) {
      await Promise.allSettled(instances.map((instance) => deleteAndWait(registry, instance))); // a failed create leaves nothing behind
      throw error;
    }
    return Promise.all(instances.map((instance) => settledItem(registry, instance, waitTimeoutS(body), signal)));
  }

  async function start(entry: BodyOf<"startInstances">[number], signal: AbortSignal) {
    const instance = findInstance(registry, entry);
    const previous = instance.state;
    await requestStart(registry, instance);
    return { ...(await settledItem(registry, instance, waitTimeoutS(entry), signal)), previous_state: previous };
  }

  async function stop(entry: BodyOf<"stopInstances">[number]) {
    const instance = findInstance(registry, entry);
    assertNotManaged(registry, instance.record);
    const previous = instance.state;
    if (entry.dump === true)
      throw new ApiItemError("NotSupported", "The local platform does not dump the memory of an instance");
    const drainTimeoutMs = parseDrainTimeoutMs(entry.drain_timeout_ms);
    // 'quick' has no effect: guests always shut down as fast as they can.
    if (entry.ifstate === undefined || entry.ifstate === previous)
      await instance.request(entry.force === true ? "force-stop" : "stop", {
        drainTimeoutMs,
        halfClosedTimeoutMs: entry.half_closed_timeout_ms,
      });
    return { ...instanceItem(registry, instance), previous_state: previous };
  }

  async function remove(entry: BodyOf<"deleteInstances">[number], signal: AbortSignal) {
    const instance = findInstance(registry, entry);
    const { uuid, name, definition } = instance.record;
    assertNotManaged(registry, instance.record);
    if (definition.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
    assertNotAutoscaleTemplate(registry, instance.record);
    const previous = instance.state;
    const { timeout_s: timeoutS } = entry;
    const removal = instance.request("delete").then(() => "gone" as const);
    if (timeoutS === undefined) await removal;
    else if (timeoutS === 0)
      removal.catch(() => undefined); // the instance has logged the error, and is visible again
    else {
      const end = await Promise.race([removal, waitForState(registry, instance, neverMet, timeoutS, signal)]);
      if (end !== "gone") return timedOutItem(instance);
    }
    return { status: "success" as const, uuid, name, previous_state: previous };
  }

  return {
    createInstance: async ({ body, signal }) => {
      assertWellFormedCreate(body);
      return withTimeoutMessage((await mapItems([body], log, () => create(body, signal))).flat());
    },

    // Templates and checkpoints have their own listings. A read that names one gets it here too.
    getInstances: (request) => {
      const { tags = [] } = request.query;
      const items = readItems(
        request,
        log,
        [...registry.instances.values()],
        ({ record }) => record,
        "instance",
        (instance) => instanceItem(registry, instance),
        (instance) =>
          isVisible(instance) &&
          tags.every((tag) => instance.record.definition.tags.includes(tag)) &&
          (request.selectors.length > 0 || !isTemplateOrCheckpoint(instance.state)),
      );
      return { items };
    },

    deleteInstances: async ({ body, signal }) =>
      withTimeoutMessage(await mapItems(body, log, (entry) => remove(entry, signal))),

    startInstances: async ({ body, signal }) =>
      withTimeoutMessage(await mapItems(body, log, (entry) => start(entry, signal))),

    stopInstances: async ({ body }) => {
      if (body.some(({ force, drain_timeout_ms }) => force === true && drain_timeout_ms !== undefined))
        throw new RequestError(400, "'drain_timeout_ms' cannot be given together with 'force'", "NotBoth");
      if (body.some((entry) => entry.half_closed_timeout_ms !== undefined && entry.drain_timeout_ms === undefined))
        throw new RequestError(
          400,
          "'half_closed_timeout_ms' can only be given together with 'drain_timeout_ms'",
          "Invalid",
        );
      if (body.some(({ force, dump }) => dump === true && force !== true))
        throw new RequestError(400, "'dump' can only be given together with 'force'", "Invalid");
      return { items: await mapItems(body, log, stop) };
    },
  };
}

/** Requests a start. Resolves when the VM runs or the start waits for dependencies. Throws what a start throws. */
async function requestStart(registry: Registry, instance: Instance): Promise<void> {
  const started = instance.request("start");
  const others = instance.record.definition.dependencies.flatMap((uuid) => registry.instances.get(uuid) ?? []);
  if (instance.state !== "starting" || others.every(isInState("running"))) return await started;
  started.catch(() => undefined); // the instance has logged the error, and its state shows it
}

/** Deletes an instance and resolves when it is gone. */
async function deleteAndWait(registry: Registry, instance: Instance): Promise<void> {
  await instance.request("delete");
  await registry.changes.waitUntil(
    () => registry.instances.get(instance.record.uuid) !== instance,
    registry.shutdownSignal,
  );
}

/** The item of a started instance, once it is up, down without a pending restart, or the wait has timed out. */
async function settledItem(
  registry: Registry,
  instance: Instance,
  timeoutS: number,
  signal: AbortSignal,
): Promise<InstanceItem | FailedItem> {
  const end = timeoutS === 0 ? "met" : await waitForState(registry, instance, isSettled, timeoutS, signal);
  // With delete-on-stop, an instance that is gone has run as requested.
  if (end === "gone" && !instance.record.definition.deleteOnStop) return notFoundItem(instance);
  return end === "timed-out" ? timedOutItem(instance) : instanceItem(registry, instance);
}
