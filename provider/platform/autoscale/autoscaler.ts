/** Keeps a service group at the size that its autoscale configuration requires. */
import type { Service } from "../services/service";
import { errorMessage } from "../../base/errors";
import { setTimeout as sleep } from "node:timers/promises";
import type { Instance } from "../instances/instance";
import { restartBackoffMs } from "../instances/lifecycle/restartPolicy";
import type { Registry } from "../registry";
import type { AutoscaleConfiguration } from "../store/autoscale";
import { decideSize, type InstanceLoad } from "./decideSize";
import { managedInstances } from "./managedInstances";
import { mayRemove, retireInstance } from "./scaleIn";
import { LoadSampler } from "./loadSampler";
import { selectForRemoval } from "./selectForRemoval";
import { createManagedInstance } from "./createManagedInstance";

/** The autoscale loop of one service group. */
export class Autoscaler {
  readonly #registry: Registry;
  readonly #service: Service;
  readonly #stopController = new AbortController();
  readonly #sampler = new LoadSampler();
  /** Uuids of instances that are being removed. */
  readonly #retiring = new Set<string>();
  #changedAt = -Infinity;
  /** Number of consecutive instances that could not be created, or that stopped by themselves. */
  #failures = 0;
  #backOffUntilMs = -Infinity;

  constructor(registry: Registry, service: Service) {
    this.#registry = registry;
    this.#service = service;
  }

  /** Stops the loop. The instances are not changed. */
  stop(): void {
    this.#stopController.abort();
  }

  /** Measures and adjusts the size until {@link stop} or the platform's shutdown. */
  async run(): Promise<void> {
    const { timings, log } = this.#registry.parts;
    const signal = AbortSignal.any([this.#stopController.signal, this.#registry.shutdownSignal]);
    while (!signal.aborted) {
      const { autoscale } = this.#service.record;
      try {
        if (autoscale !== undefined) await this.#adjust(autoscale, signal);
      } catch (error) {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (!signal.aborted) log.write("bug", { reason });
      }
      await sleep(timings.autoscaleIntervalMs, undefined, { signal }).catch(() => undefined); // the loop condition handles the abort
    }
  }

  async #adjust(configuration: AutoscaleConfiguration, signal: AbortSignal): Promise<void> {
    const registry = this.#registry;
    const { timings, log } = registry.parts;
    const { rotation } = this.#service.proxy;
    const present = managedInstances(registry, this.#service).filter((instance) => !this.#isRetiring(instance));
    const [down, up] = [present.filter((instance) => instance.isDown), present.filter((instance) => !instance.isDown)];
    for (const instance of down.filter(mayRemove)) {
      this.#recordFailure(instance);
      this.#remove(instance, 0);
    }
    const loads = await this.#sampler.measureLoads(up, rotation);
    if (signal.aborted) return;
    if (allHealthy(up, loads, timings.healthyAfterMs)) this.#failures = 0;
    const now = performance.now();
    const waiting = Math.max(0, ...up.map(({ record }) => rotation.traffic(record.uuid).queued));
    const size = decideSize(configuration, {
      size: up.length,
      loads: [...loads.values()],
      waitingConnections: waiting,
      sinceChangeMs: now - this.#changedAt,
    });
    if (size === up.length) return;
    if (size > up.length && now < this.#backOffUntilMs) return;
    const removable = up.filter(mayRemove);
    if (size < up.length && removable.length === 0) return;
    this.#changedAt = now;
    const { uuid, name } = this.#service.record;
    log.write("autoscale.resized", { uuid, name, from: up.length, to: size });
    if (size < up.length) this.#shrink(removable, loads, up.length - size, configuration.cooldownTimeMs);
    else await this.#grow(configuration, size - up.length, signal);
  }

  #shrink(
    up: readonly Instance[],
    loads: ReadonlyMap<string, InstanceLoad>,
    count: number,
    drainTimeoutMs: number,
  ): void {
    for (const instance of selectForRemoval(up, loads, count)) this.#remove(instance, drainTimeoutMs);
  }

  async #grow(
    { templateUuid, cooldownTimeMs }: AutoscaleConfiguration,
    count: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (let created = 0; created < count && !signal.aborted; created++) {
      try {
        const instance = await createManagedInstance(this.#registry, this.#service.record.uuid, templateUuid);
        // The configuration was removed meanwhile, before this instance was registered.
        if (this.#stopController.signal.aborted) void retireInstance(this.#registry, instance, cooldownTimeMs);
      } catch (error) {
        if (signal.aborted) return;
        this.#backOff();
        const reason = errorMessage(error);
        this.#registry.parts.log.write("autoscale.not-created", { uuid: this.#service.record.uuid, reason });
        return;
      }
    }
  }

  /**
   * True if the instance is being removed, by this or an earlier configuration: only autoscale may stop a managed
   * instance.
   */
  #isRetiring({ record, isDown }: Instance): boolean {
    return this.#retiring.has(record.uuid) || (record.status.stopAskedBy === "user" && !isDown);
  }

  #remove(instance: Instance, drainTimeoutMs: number): void {
    const { uuid } = instance.record;
    this.#retiring.add(uuid);
    void retireInstance(this.#registry, instance, drainTimeoutMs).then(() => this.#retiring.delete(uuid));
  }

  /** Backs off after an instance stopped by itself, so that it is not replaced in a tight loop. */
  #recordFailure({ record }: Instance): void {
    if (record.status.stopAskedBy === undefined) this.#backOff();
  }

  #backOff(): void {
    this.#failures++;
    this.#backOffUntilMs = performance.now() + restartBackoffMs(this.#failures, this.#registry.parts.timings);
  }
}

/** True if there are instances and all have been ready for `healthyMs` milliseconds. */
const allHealthy = (up: readonly Instance[], loads: ReadonlyMap<string, InstanceLoad>, healthyMs: number): boolean =>
  up.length > 0 && up.every(({ record }) => (loads.get(record.uuid)?.sinceReadyMs ?? 0) >= healthyMs);
