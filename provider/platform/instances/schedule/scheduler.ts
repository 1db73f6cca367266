/** Runs due schedules and autokill. */
import type { RequestOptions } from "../instance";
import { errorMessage } from "../../../base/errors";
import type { Clock } from "../../../base/clock";
import { DEFAULT_HALF_CLOSED_TIMEOUT_MS, MAX_DRAIN_MS } from "../../../contract/models";
import { servicesScaledFrom } from "../../autoscale/managedInstances";
import type { Registry } from "../../registry";
import type { Instance } from "../instance";
import { ScheduledCommands } from "../commands/scheduledCommand";
import { ScheduleQueue, type DueSchedule } from "./scheduleQueue";
import { autokillAt, shouldStopForAutokill } from "./autokill";
import type { InstanceRequest } from "../lifecycle/decideRequest";

/** Longest timer in milliseconds. Limited because the system clock may be set and the machine may be suspended. */
const MAX_WAIT_MS = 60_000;
/** Time that an instance gets to respond to its last request: the longest drain of the API. */
const LAST_RESPONSE_LIMITS: RequestOptions = {
  drainTimeoutMs: MAX_DRAIN_MS,
  halfClosedTimeoutMs: DEFAULT_HALF_CLOSED_TIMEOUT_MS,
};

/** Starts the scheduler, which runs until the platform shuts down. */
export function startScheduler(registry: Registry): void {
  new Scheduler(registry, registry.parts.clock).check();
}

/** Checks for due schedules and autokill after every change of an instance, and again when the next one is due. */
class Scheduler {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #schedules = new ScheduleQueue();
  readonly #commands: ScheduledCommands;
  /** Instances that were requested to stop after their last response. */
  readonly #ending = new WeakSet<Instance>();
  #wait = new AbortController();

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.#commands = new ScheduledCommands(registry);
    registry.changes.subscribe(() => this.check());
    registry.shutdownSignal.addEventListener("abort", () => this.#wait.abort(), { once: true });
  }

  check(): void {
    this.#wait.abort();
    if (this.#registry.isShutDown) return;
    const now = this.#clock.now();
    const instances = [...this.#registry.instances.values()].filter((instance) => !instance.isBeingDeleted);
    const records = instances.map(({ record }) => record);
    for (const due of this.#schedules.takeDue(records, now)) this.#runSchedule(due);
    const ends = instances.map((instance) => this.#autokill(instance, now));
    this.#waitUntil(Math.min(this.#schedules.nextAt, ...ends), now);
  }

  /** Applies autokill if it is due. Returns when it will be due, in Unix milliseconds. */
  #autokill(instance: Instance, now: number): number {
    // A template that autoscale uses is kept, however rarely autoscale creates an instance from it.
    const isScaled = servicesScaledFrom(this.#registry, instance.record.uuid).length > 0;
    const at = (isScaled ? undefined : autokillAt(instance.record)) ?? Infinity;
    if (at <= now) this.#request(instance, "autokill", "delete");
    else if (shouldStopForAutokill(instance.record) && !this.#ending.has(instance)) {
      this.#ending.add(instance);
      this.#request(instance, "autokill", "stop", LAST_RESPONSE_LIMITS);
    }
    return at <= now ? Infinity : at;
  }

  #runSchedule({ uuid, schedule }: DueSchedule): void {
    const { name, action } = schedule;
    const instance = this.#registry.instances.get(uuid);
    if (instance === undefined) return;
    if (action === "exec") return void this.#commands.run(instance, schedule);
    const isLocked = action === "delete" && instance.record.definition.deleteLock;
    const known = action === "start" || action === "stop" || action === "delete";
    if (known && !isLocked) this.#request(instance, name, action);
    else this.#registry.parts.log.write("schedule.skipped", { uuid, schedule: name, action });
  }

  /** `trigger`: the name of a schedule, or `autokill`. */
  #request(instance: Instance, trigger: string, request: InstanceRequest, options: RequestOptions = {}): void {
    const { log } = this.#registry.parts;
    const fields = { uuid: instance.record.uuid, name: instance.record.name, trigger, request };
    log.write("instance.due", fields);
    instance.request(request, options).catch((error: unknown) => {
      log.write("instance.due-failed", { ...fields, reason: errorMessage(error) });
    });
  }

  #waitUntil(time: number, now: number): void {
    this.#wait = new AbortController();
    const ms = Math.min(Math.max(0, time - now), MAX_WAIT_MS);
    this.#clock.sleep(ms, this.#wait.signal).then(
      () => this.check(),
      () => undefined, // aborted by the next check
    );
  }
}
