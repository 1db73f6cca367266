/** Instances: finds the actor, asks it, shows what became of it. */
import type { CreateInstanceRequest, InstanceItem } from "../../../contract/models";
import type { BodyOf } from "../../../contract/routes";
import { assertNotManaged, assertNotAutoscaleTemplate } from "../../autoscale/managedInstances";
import { RequestError } from "../../http/response";
import { assertWellFormedCreate, waitTimeoutS } from "../../instances/create/validate";
import type { InstanceActor } from "../../instances/actor";
import { createInstances } from "../../instances/create/create";
import { isTemplateOrCheckpoint } from "../../instances/update/templates";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import { parseDrainTimeoutMs } from "./drain";
import { instanceItem } from "./item";
import { isVisible, findInstance } from "./visible";
import { notFoundItem, isInState, isSettled, neverMet, timedOutItem, waitForState, withTimeoutMessage } from "./wait";
import type { FailedItem, Handlers } from "../handler";
import { mapItems, readItems } from "../items";

type InstanceRoutes = "createInstance" | "getInstances" | "deleteInstances" | "startInstances" | "stopInstances";

/** Handlers of `/v1/instances` that make, show and end instances. */
export function instanceHandlers(registry: Registry): Pick<Handlers, InstanceRoutes> {
  const { log } = registry.parts;

  async function create(body: CreateInstanceRequest, signal: AbortSignal): Promise<(InstanceItem | FailedItem)[]> {
    const actors = await createInstances(registry, body);
    if (body.autostart !== true) return actors.map((actor) => instanceItem(registry, actor));
    try {
      await Promise.all(actors.map((actor) => requestStart(registry, actor)));
    } catch (error) {
      await Promise.allSettled(actors.map((actor) => deleteAndWait(registry, actor))); // a create that fails leaves nothing behind
      throw error;
    }
    return Promise.all(actors.map((actor) => settledItem(registry, actor, waitTimeoutS(body), signal)));
  }

  async function start(entry: BodyOf<"startInstances">[number], signal: AbortSignal) {
    const actor = findInstance(registry, entry);
    const previous = actor.state;
    await requestStart(registry, actor);
    return { ...(await settledItem(registry, actor, waitTimeoutS(entry), signal)), previous_state: previous };
  }

  async function stop(entry: BodyOf<"stopInstances">[number]) {
    const actor = findInstance(registry, entry);
    assertNotManaged(registry, actor.record);
    const previous = actor.state;
    if (entry.dump === true)
      throw new ApiItemError("NotSupported", "The local platform does not dump the memory of an instance");
    const drainTimeoutMs = parseDrainTimeoutMs(entry.drain_timeout_ms);
    // A guest here ends as quickly as it can in any case, so 'quick' asks for nothing more.
    if (entry.ifstate === undefined || entry.ifstate === previous)
      await actor.request(entry.force === true ? "force-stop" : "stop", { drainTimeoutMs });
    return { ...instanceItem(registry, actor), previous_state: previous };
  }

  async function remove(entry: BodyOf<"deleteInstances">[number], signal: AbortSignal) {
    const actor = findInstance(registry, entry);
    const { uuid, name, definition } = actor.record;
    assertNotManaged(registry, actor.record);
    if (definition.deleteLock) throw new ApiItemError("NotAllowed", "Deletion protection enabled");
    assertNotAutoscaleTemplate(registry, actor.record);
    const previous = actor.state;
    const { timeout_s: timeoutS } = entry;
    const removal = actor.request("delete").then(() => "gone" as const);
    if (timeoutS === undefined) await removal;
    else if (timeoutS === 0)
      removal.catch(() => undefined); // the actor has logged it, and the instance is there again
    else {
      const end = await Promise.race([removal, waitForState(registry, actor, neverMet, timeoutS, signal)]);
      if (end !== "gone") return timedOutItem(actor);
    }
    return { status: "success" as const, uuid, name, previous_state: previous };
  }

  return {
    createInstance: async ({ body, signal }) => {
      assertWellFormedCreate(body);
      return withTimeoutMessage((await mapItems([body], log, () => create(body, signal))).flat());
    },

    // Templates and checkpoints have listings of their own; who names one here gets it.
    getInstances: async (request) => {
      const tags = request.query.tags ?? [];
      const isListed = (actor: InstanceActor): boolean =>
        isVisible(actor) &&
        tags.every((tag) => actor.record.definition.tags.includes(tag)) &&
        (!isTemplateOrCheckpoint(actor.state) || request.selectors.length > 0);
      const items = await readItems(
        request,
        log,
        [...registry.instances.values()],
        ({ record }) => record,
        "instance",
        (actor) => instanceItem(registry, actor),
        isListed,
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
      if (body.some(({ force, dump }) => dump === true && force !== true))
        throw new RequestError(400, "'dump' can only be given together with 'force'", "Invalid");
      return { items: await mapItems(body, log, stop) };
    },
  };
}

/** Asks for a start and resolves when the VM runs, or others have to come up before it. Throws what a start throws. */
async function requestStart(registry: Registry, actor: InstanceActor): Promise<void> {
  const started = actor.request("start");
  const others = actor.record.definition.dependencies.flatMap((uuid) => registry.instances.get(uuid) ?? []);
  if (actor.state !== "starting" || others.every(isInState("running"))) return await started;
  started.catch(() => undefined); // the actor has logged it; the instance's state says what became of it
}

/** Deletes an instance, and resolves when it is gone. */
async function deleteAndWait(registry: Registry, actor: InstanceActor): Promise<void> {
  await actor.request("delete");
  await registry.changes.waitUntil(() => registry.instances.get(actor.record.uuid) !== actor, registry.shutdownSignal);
}

/** The item of an instance that was started, when it is up or down for good or the time is over. */
async function settledItem(
  registry: Registry,
  actor: InstanceActor,
  timeoutS: number,
  signal: AbortSignal,
): Promise<InstanceItem | FailedItem> {
  const end = timeoutS === 0 ? "met" : await waitForState(registry, actor, isSettled, timeoutS, signal);
  // One that was to go when it stops has done what was asked of it.
  if (end === "gone" && !actor.record.definition.deleteOnStop) return notFoundItem(actor);
  return end === "timed-out" ? timedOutItem(actor) : instanceItem(registry, actor);
}
