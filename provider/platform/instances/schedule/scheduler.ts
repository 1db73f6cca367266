/** Does to instances what is due: their schedules, and their end when they are of no use any more. */
import { errorMessage } from "../../../base/errors";
import type { Clock } from "../../../base/clock";
import { servicesScaledFrom } from "../../autoscale/managedInstances";
import type { Registry } from "../../registry";
import type { InstanceActor } from "../actor";
import { ScheduleQueue, type DueSchedule } from "./scheduleQueue";
import { autokillAt, shouldStopForAutokill } from "./autokill";
import type { InstanceRequest } from "../lifecycle/decideRequest";
import type { RequestOptions } from "../environment";

/** Longest sleep: the time of day may be set, and a machine may be put to sleep. */
const MAX_WAIT_MS = 60_000;
/** How long an instance that handled its last request may take to answer it. Source: the longest drain of the API. */
const LAST_RESPONSE_TIMEOUT_MS = 3_600_000;

/** Watches the clock until the platform lets go. */
export function startScheduler(registry: Registry): void {
  new Scheduler(registry, registry.parts.clock).check();
}

/** Looks at every change of an instance, and when the next thing is due. */
class Scheduler {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #schedules = new ScheduleQueue();
  /** Instances that were told to end when their last request is answered. */
  readonly #ending = new WeakSet<InstanceActor>();
  #wait = new AbortController();

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    registry.changes.subscribe(() => this.check());
    registry.shutdownSignal.addEventListener("abort", () => this.#wait.abort(), { once: true });
  }

  check(): void {
    this.#wait.abort();
    if (this.#registry.isShutDown) return;
    const now = this.#clock.now();
    const actors = [...this.#registry.instances.values()].filter((actor) => !actor.isBeingDeleted);
    const records = actors.map(({ record }) => record);
    for (const due of this.#schedules.takeDue(records, now)) this.#runSchedule(due);
    const ends = actors.map((actor) => this.#autokill(actor, now));
    this.#waitUntil(Math.min(this.#schedules.nextAt, ...ends), now);
  }

  /** Ends an instance that is of no use any more; else says when it will be. */
  #autokill(actor: InstanceActor, now: number): number {
    // A template that autoscale makes instances from is of use, however seldom that happens.
    const isScaled = servicesScaledFrom(this.#registry, actor.record.uuid).length > 0;
    const at = (isScaled ? undefined : autokillAt(actor.record)) ?? Infinity;
    if (at <= now) this.#request(actor, "autokill", "delete");
    else if (shouldStopForAutokill(actor.record) && !this.#ending.has(actor)) {
      this.#ending.add(actor);
      this.#request(actor, "autokill", "stop", { drainTimeoutMs: LAST_RESPONSE_TIMEOUT_MS });
    }
    return at <= now ? Infinity : at;
  }

  #runSchedule({ uuid, schedule: { name, action } }: DueSchedule): void {
    const actor = this.#registry.instances.get(uuid);
    if (actor === undefined) return;
    const isLocked = action === "delete" && actor.record.definition.deleteLock;
    const known = action === "start" || action === "stop" || action === "delete";
    if (known && !isLocked) this.#request(actor, name, action);
    else this.#registry.parts.log.write("schedule.skipped", { uuid, schedule: name, action });
  }

  /** `because`: the name of a schedule, or `autokill`. */
  #request(actor: InstanceActor, because: string, request: InstanceRequest, options: RequestOptions = {}): void {
    const { log } = this.#registry.parts;
    const facts = { uuid: actor.record.uuid, name: actor.record.name, because, request };
    log.write("instance.due", facts);
    actor.request(request, options).catch((error: unknown) => {
      log.write("instance.due-failed", { ...facts, reason: errorMessage(error) });
    });
  }

  #waitUntil(time: number, now: number): void {
    this.#wait = new AbortController();
    const ms = Math.min(Math.max(0, time - now), MAX_WAIT_MS);
    this.#clock.sleep(ms, this.#wait.signal).then(
      () => this.check(),
      () => undefined, // another look has come between
    );
  }
}
