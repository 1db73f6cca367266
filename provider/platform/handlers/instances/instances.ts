/** Instances: finds the actor, asks it, shows what became of it. */
import type { CreateInstanceRequest, InstanceItem } from "../../../contract/models";
import type { BodyOf } from "../../../contract/routes";
import { refuseManaged, refuseScaledTemplate } from "../../autoscale/managedInstances";
import { HttpRefusal } from "../../http/response";
import { refuseMalformed, waitSeconds } from "../../instances/create/validate";
import type { InstanceActor } from "../../instances/actor";
import { createInstances } from "../../instances/create/create";
import { neverRuns } from "../../instances/update/templates";
import type { Platform } from "../../registry";
import { Refusal } from "../../errors";
import { drainMs } from "./drain";
import { instanceItem } from "./item";
import { isVisible, namedInstance } from "./visible";
import { goneItem, isIn, isSettled, never, timedOutItem, waitForState, withMessage } from "./wait";
import type { FailedItem, Handlers } from "../request";
import { eachItem, readItems } from "../items";

type InstanceRoutes = "createInstance" | "getInstances" | "deleteInstances" | "startInstances" | "stopInstances";

/** Handlers of `/v1/instances` that make, show and end instances. */
export function instanceHandlers(platform: Platform): Pick<Handlers, InstanceRoutes> {
  const { log } = platform.parts;

  async function create(body: CreateInstanceRequest, signal: AbortSignal): Promise<(InstanceItem | FailedItem)[]> {
    const actors = await createInstances(platform, body);
    if (body.autostart !== true) return actors.map((actor) => instanceItem(platform, actor));
    try {
      await Promise.all(actors.map((actor) => begin(platform, actor)));
    } catch (error) {
      await Promise.allSettled(actors.map((actor) => removed(platform, actor))); // a create that fails leaves nothing behind
      throw error;
    }
    return Promise.all(actors.map((actor) => settled(platform, actor, waitSeconds(body), signal)));
  }

  async function start(entry: BodyOf<"startInstances">[number], signal: AbortSignal) {
    const actor = namedInstance(platform, entry);
    const previous = actor.state;
    await begin(platform, actor);
    return { ...(await settled(platform, actor, waitSeconds(entry), signal)), previous_state: previous };
  }

  async function stop(entry: BodyOf<"stopInstances">[number]) {
    const actor = namedInstance(platform, entry);
    refuseManaged(platform, actor.record);
    const previous = actor.state;
    if (entry.dump === true)
      throw new Refusal("NotSupported", "The local platform does not dump the memory of an instance");
    const drainTimeoutMs = drainMs(entry.drain_timeout_ms);
    // A guest here ends as quickly as it can in any case, so 'quick' asks for nothing more.
    if (entry.ifstate === undefined || entry.ifstate === previous)
      await actor.request(entry.force === true ? "force-stop" : "stop", { drainTimeoutMs });
    return { ...instanceItem(platform, actor), previous_state: previous };
  }

  async function remove(entry: BodyOf<"deleteInstances">[number], signal: AbortSignal) {
    const actor = namedInstance(platform, entry);
    const { uuid, name, definition } = actor.record;
    refuseManaged(platform, actor.record);
    if (definition.deleteLock) throw new Refusal("NotAllowed", "Deletion protection enabled");
    refuseScaledTemplate(platform, actor.record);
    const previous = actor.state;
    const { timeout_s: timeoutS } = entry;
    const removal = actor.request("delete").then(() => "gone" as const);
    if (timeoutS === undefined) await removal;
    else if (timeoutS === 0)
      removal.catch(() => undefined); // the actor has logged it, and the instance is there again
    else {
      const end = await Promise.race([removal, waitForState(platform, actor, never, timeoutS, signal)]);
      if (end !== "gone") return timedOutItem(actor);
    }
    return { status: "success" as const, uuid, name, previous_state: previous };
  }

  return {
    createInstance: async ({ body, signal }) => {
      refuseMalformed(body);
      return withMessage((await eachItem([body], log, () => create(body, signal))).flat());
    },

    // Templates and checkpoints have listings of their own; who names one here gets it.
    getInstances: async (request) => {
      const tags = request.query.tags ?? [];
      const isListed = (actor: InstanceActor): boolean =>
        isVisible(actor) &&
        tags.every((tag) => actor.record.definition.tags.includes(tag)) &&
        (!neverRuns(actor.state) || request.selectors.length > 0);
      const items = await readItems(
        request,
        log,
        [...platform.instances.values()],
        ({ record }) => record,
        "instance",
        (actor) => instanceItem(platform, actor),
        isListed,
      );
      return { items };
    },

    deleteInstances: async ({ body, signal }) =>
      withMessage(await eachItem(body, log, (entry) => remove(entry, signal))),

    startInstances: async ({ body, signal }) => withMessage(await eachItem(body, log, (entry) => start(entry, signal))),

    stopInstances: async ({ body }) => {
      if (body.some(({ force, drain_timeout_ms }) => force === true && drain_timeout_ms !== undefined))
        throw new HttpRefusal(400, "'drain_timeout_ms' cannot be given together with 'force'", "NotBoth");
      if (body.some(({ force, dump }) => dump === true && force !== true))
        throw new HttpRefusal(400, "'dump' can only be given together with 'force'", "Invalid");
      return { items: await eachItem(body, log, stop) };
    },
  };
}

/** Asks for a start and resolves when the VM runs, or others have to come up before it. Throws what a start throws. */
async function begin(platform: Platform, actor: InstanceActor): Promise<void> {
  const started = actor.request("start");
  const others = actor.record.definition.dependencies.flatMap((uuid) => platform.instances.get(uuid) ?? []);
  if (actor.state !== "starting" || others.every(isIn("running"))) return await started;
  started.catch(() => undefined); // the actor has logged it; the instance's state says what became of it
}

/** Deletes an instance, and resolves when it is gone. */
async function removed(platform: Platform, actor: InstanceActor): Promise<void> {
  await actor.request("delete");
  await platform.changes.until(() => platform.instances.get(actor.record.uuid) !== actor, platform.released);
}

/** The item of an instance that was started, when it is up or down for good or the time is over. */
async function settled(
  platform: Platform,
  actor: InstanceActor,
  timeoutS: number,
  signal: AbortSignal,
): Promise<InstanceItem | FailedItem> {
  const end = timeoutS === 0 ? "met" : await waitForState(platform, actor, isSettled, timeoutS, signal);
  // One that was to go when it stops has done what was asked of it.
  if (end === "gone" && !actor.record.definition.deleteOnStop) return goneItem(actor);
  return end === "timed-out" ? timedOutItem(actor) : instanceItem(platform, actor);
}
