/** Keeps one service group at the size that its autoscale configuration asks for. */
import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceActor } from "../instances/actor";
import { restartPauseMs } from "../instances/lifecycle/restartPolicy";
import type { Platform, Service } from "../registry";
import type { AutoscaleConfiguration } from "../store/autoscale";
import { decideSize, type Load } from "./decideSize";
import { managedOf } from "./managedInstances";
import { mayLeave, retire } from "./scaleIn";
import { Sampler } from "./sampler";
import { leastNeeded } from "./selectForRemoval";
import { createManaged } from "./createManaged";

/** One loop per service group that is scaled. */
export class Scaler {
  readonly #platform: Platform;
  readonly #service: Service;
  readonly #over = new AbortController();
  readonly #sampler = new Sampler();
  /** Uuids of instances that are on their way out. */
  readonly #leaving = new Set<string>();
  #changedAt = -Infinity;
  /** Instances in a row that could not be made or ended by themselves. */
  #failures = 0;
  #pausedUntil = -Infinity;

  constructor(platform: Platform, service: Service) {
    this.#platform = platform;
    this.#service = service;
  }

  /** Ends the loop; what it has made is left alone. */
  stop(): void {
    this.#over.abort();
  }

  /** Looks and acts until it is stopped or the platform lets go. */
  async run(): Promise<void> {
    const { timings, log } = this.#platform.parts;
    const signal = AbortSignal.any([this.#over.signal, this.#platform.released]);
    while (!signal.aborted) {
      const { autoscale } = this.#service.record;
      try {
        if (autoscale !== undefined) await this.#adjust(autoscale, signal);
      } catch (error) {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (!signal.aborted) log.write("bug", { reason });
      }
      await sleep(timings.autoscaleEveryMs, undefined, { signal }).catch(() => undefined); // the loop's condition ends it
    }
  }

  async #adjust(configuration: AutoscaleConfiguration, signal: AbortSignal): Promise<void> {
    const platform = this.#platform;
    const { timings, log } = platform.parts;
    const { rotation } = this.#service.proxy;
    const present = managedOf(platform, this.#service).filter((actor) => !this.#isLeaving(actor));
    const [down, up] = [present.filter((actor) => actor.isDown), present.filter((actor) => !actor.isDown)];
    for (const actor of down.filter(mayLeave)) {
      this.#noteFailure(actor);
      this.#remove(actor, 0);
    }
    const loads = await this.#sampler.loads(up, rotation);
    if (signal.aborted) return;
    if (isHealthy(up, loads, timings.healthyMs)) this.#failures = 0;
    const now = performance.now();
    const waiting = Math.max(0, ...up.map(({ record }) => rotation.traffic(record.uuid).queued));
    const size = decideSize(configuration, {
      size: up.length,
      loads: [...loads.values()],
      waiting,
      sinceChangeMs: now - this.#changedAt,
    });
    if (size === up.length) return;
    if (size > up.length && now < this.#pausedUntil) return;
    const removable = up.filter(mayLeave);
    if (size < up.length && removable.length === 0) return;
    this.#changedAt = now;
    const { uuid, name } = this.#service.record;
    log.write("autoscale.resized", { uuid, name, from: up.length, to: size });
    if (size < up.length) this.#shrink(removable, loads, up.length - size, configuration.cooldownTimeMs);
    else await this.#grow(configuration, size - up.length, signal);
  }

  #shrink(up: readonly InstanceActor[], loads: ReadonlyMap<string, Load>, count: number, drainTimeoutMs: number): void {
    for (const actor of leastNeeded(up, loads, count)) this.#remove(actor, drainTimeoutMs);
  }

  async #grow(
    { templateUuid, cooldownTimeMs }: AutoscaleConfiguration,
    count: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (let made = 0; made < count && !signal.aborted; made++) {
      try {
        const actor = await createManaged(this.#platform, this.#service.record.uuid, templateUuid);
        // The configuration was deleted meanwhile, and nobody else knows this one.
        if (this.#over.signal.aborted) void retire(this.#platform, actor, cooldownTimeMs);
      } catch (error) {
        if (signal.aborted) return;
        this.#pause();
        const reason = error instanceof Error ? error.message : String(error);
        this.#platform.parts.log.write("autoscale.not-created", { uuid: this.#service.record.uuid, reason });
        return;
      }
    }
  }

  /** Nobody but autoscale may stop one, so what is asked to stop leaves, by a configuration before this one if not by this. */
  #isLeaving({ record, isDown }: InstanceActor): boolean {
    return this.#leaving.has(record.uuid) || (record.status.stopAskedBy === "user" && !isDown);
  }

  #remove(actor: InstanceActor, drainTimeoutMs: number): void {
    const { uuid } = actor.record;
    this.#leaving.add(uuid);
    void retire(this.#platform, actor, drainTimeoutMs).then(() => this.#leaving.delete(uuid));
  }

  /** One that ended without being asked to is replaced, but not in a tight circle. */
  #noteFailure({ record }: InstanceActor): void {
    if (record.status.stopAskedBy === undefined) this.#pause();
  }

  #pause(): void {
    this.#failures++;
    this.#pausedUntil = performance.now() + restartPauseMs(this.#failures, this.#platform.parts.timings);
  }
}

/** True when there are instances and each has answered for this long. */
const isHealthy = (up: readonly InstanceActor[], loads: ReadonlyMap<string, Load>, healthyMs: number): boolean =>
  up.length > 0 && up.every(({ record }) => (loads.get(record.uuid)?.warmMs ?? 0) >= healthyMs);
