/** Does to instances what is due: their schedules, and their end when they are of no use any more. */
import type { Clock } from "../../../base/clock";
import { scaledFrom } from "../../autoscale/managedInstances";
import type { Platform } from "../../registry";
import type { InstanceActor } from "../actor";
import { Agenda, type Due } from "./scheduleQueue";
import { autokillAt, isSpent } from "./autokill";
import type { InstanceRequest } from "../lifecycle/acceptRequest";
import type { RequestOptions } from "../environment";

/** Longest sleep: the time of day may be set, and a machine may be put to sleep. */
const MAX_SLEEP_MS = 60_000;
/** How long an instance that handled its last request may take to answer it. Source: the longest drain of the API. */
const LAST_ANSWER_MS = 3_600_000;

/** Watches the clock until the platform lets go. */
export function startTimers(platform: Platform): void {
  new Timers(platform, platform.parts.clock).look();
}

/** Looks at every change of an instance, and when the next thing is due. */
class Timers {
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #agenda = new Agenda();
  /** Instances that were told to end when their last request is answered. */
  readonly #ending = new WeakSet<InstanceActor>();
  #sleeping = new AbortController();

  constructor(platform: Platform, clock: Clock) {
    this.#platform = platform;
    this.#clock = clock;
    platform.changes.onEach(() => this.look());
    platform.released.addEventListener("abort", () => this.#sleeping.abort(), { once: true });
  }

  look(): void {
    this.#sleeping.abort();
    if (this.#platform.isReleased) return;
    const now = this.#clock.now();
    const actors = [...this.#platform.instances.values()].filter((actor) => !actor.isBeingDeleted);
    const records = actors.map(({ record }) => record);
    for (const due of this.#agenda.takeDue(records, now)) this.#carryOut(due);
    const ends = actors.map((actor) => this.#endAt(actor, now));
    this.#sleepUntil(Math.min(this.#agenda.next, ...ends), now);
  }

  /** Ends an instance that is of no use any more; else says when it will be. */
  #endAt(actor: InstanceActor, now: number): number {
    // A template that autoscale makes instances from is of use, however seldom that happens.
    const isScaled = scaledFrom(this.#platform, actor.record.uuid).length > 0;
    const at = (isScaled ? undefined : autokillAt(actor.record)) ?? Infinity;
    if (at <= now) this.#ask(actor, "autokill", "delete");
    else if (isSpent(actor.record) && !this.#ending.has(actor)) {
      this.#ending.add(actor);
      this.#ask(actor, "autokill", "stop", { drainTimeoutMs: LAST_ANSWER_MS });
    }
    return at <= now ? Infinity : at;
  }

  #carryOut({ uuid, schedule: { name, action } }: Due): void {
    const actor = this.#platform.instances.get(uuid);
    if (actor === undefined) return;
    const isLocked = action === "delete" && actor.record.definition.deleteLock;
    const known = action === "start" || action === "stop" || action === "delete";
    if (known && !isLocked) this.#ask(actor, name, action);
    else this.#platform.parts.log.write("schedule.skipped", { uuid, schedule: name, action });
  }

  /** `because`: the name of a schedule, or `autokill`. */
  #ask(actor: InstanceActor, because: string, request: InstanceRequest, options: RequestOptions = {}): void {
    const { log } = this.#platform.parts;
    const facts = { uuid: actor.record.uuid, name: actor.record.name, because, request };
    log.write("instance.due", facts);
    actor.request(request, options).catch((error: unknown) => {
      log.write("instance.due-failed", { ...facts, reason: error instanceof Error ? error.message : String(error) });
    });
  }

  #sleepUntil(time: number, now: number): void {
    this.#sleeping = new AbortController();
    const ms = Math.min(Math.max(0, time - now), MAX_SLEEP_MS);
    this.#clock.sleep(ms, this.#sleeping.signal).then(
      () => this.look(),
      () => undefined, // another look has come between
    );
  }
}
