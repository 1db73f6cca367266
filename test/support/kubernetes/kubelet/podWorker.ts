/** One pod on a node: prepares its volumes, runs its containers, reports its status and ends it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { KubernetesApi } from "../api";
import { ContainerRunner, type PodContext } from "./containerRunner";
import type { TestImages } from "./images";
import type { Container, Pod } from "./objects";
import { ConditionTimes, type Phase, describePod } from "./podStatus";
import { ContainerConfigError, PodSources } from "./sources";
import { type Storage, prepareVolumes, refreshVolumes } from "./volumes";

/** What a pod gets from its node. */
export interface PodEnvironment {
  readonly api: KubernetesApi;
  readonly images: TestImages;
  /** Folder for this pod. */
  readonly folder: string;
  readonly podIp: string;
  /** File that `/etc/hosts` shows. */
  readonly hosts: string;
}

const REFRESH_MS = 1_000;
const RETRY_MS = 500;

/** See the file's comment. */
export class PodWorker {
  private readonly times = new ConditionTimes();
  private readonly startTime = new Date().toISOString();
  private context: PodContext | undefined;
  private initContainers: readonly ContainerRunner[] = [];
  private containers: readonly ContainerRunner[] = [];
  private waiting: { readonly reason: string; readonly message: string } | undefined;
  private reported = "";
  private retryAtMs = 0;
  private refreshAtMs = 0;
  private current: Promise<void> | undefined;
  private hasEnded = false;

  private pod: Pod;
  private readonly environment: PodEnvironment;

  constructor(pod: Pod, environment: PodEnvironment) {
    this.pod = pod;
    this.environment = environment;
  }

  /** The pod, if it has its volumes. */
  get attached(): Pod | undefined {
    return this.context === undefined || this.hasEnded ? undefined : this.pod;
  }

  /** True when the pod and its processes are gone. */
  get isGone(): boolean {
    return this.hasEnded;
  }

  /**
   * Does what is due, unless the last call is still at it.
   *
   * @param pod its present form
   * @param storage of the cluster
   * @param blocked why it cannot start yet, as reason and message
   */
  sync(pod: Pod, storage: Storage, blocked: PodWorker["waiting"]): void {
    this.pod = pod;
    this.current ??= this.step(storage, blocked).finally(() => (this.current = undefined));
  }

  /** Ends the processes and removes the folder, whatever the API says. */
  async stop(graceMs = 0): Promise<void> {
    await this.current?.catch(() => undefined);
    await Promise.all([...this.initContainers, ...this.containers].map((each) => each.stop(graceMs)));
    await fs.rm(this.environment.folder, { recursive: true, force: true });
    this.hasEnded = true;
  }

  private async step(storage: Storage, blocked: PodWorker["waiting"]): Promise<void> {
    if (this.hasEnded) return;
    const { metadata } = this.pod;
    if (metadata.deletionTimestamp !== undefined) return this.terminate();
    const nowMs = Date.now();
    if (this.context === undefined && nowMs >= this.retryAtMs) {
      this.waiting = blocked;
      if (blocked === undefined) await this.prepare(storage);
      this.retryAtMs = nowMs + RETRY_MS;
    }
    if (this.context !== undefined) await this.runContainers(this.context, nowMs);
    await this.report();
  }

  private async prepare(storage: Storage): Promise<void> {
    const { pod, environment } = this;
    const { api, folder, podIp } = environment;
    const sources = new PodSources(api, pod, podIp, pod.spec.nodeName ?? "");
    try {
      await fs.mkdir(folder, { recursive: true });
      const volumes = await prepareVolumes(pod, folder, storage, sources);
      this.context = { ...environment, pod, sources, volumes };
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      this.waiting = { reason: "ContainerCreating", message: error.message };
      return;
    }
    const { context } = this;
    const runner = (container: Container): ContainerRunner => new ContainerRunner(container, context);
    this.initContainers = (pod.spec.initContainers ?? []).map(runner);
    this.containers = pod.spec.containers.map(runner);
  }

  private async runContainers(context: PodContext, nowMs: number): Promise<void> {
    if (nowMs >= this.refreshAtMs) {
      this.refreshAtMs = nowMs + REFRESH_MS;
      await refreshVolumes(this.pod, context.volumes, context.sources).catch(ignoreMissing);
    }
    const pending = this.initContainers.find((each) => !succeeded(each));
    await Promise.all((pending === undefined ? this.containers : [pending]).map((each) => this.run(each, nowMs)));
  }

  private async run(runner: ContainerRunner, nowMs: number): Promise<void> {
    await runner.check(nowMs);
    if ("terminated" in runner.state && this.restarts(runner)) runner.scheduleRestart(nowMs);
    if ("waiting" in runner.state) await runner.start(nowMs);
  }

  private restarts(runner: ContainerRunner): boolean {
    const isInit = this.initContainers.includes(runner);
    const policy = this.pod.spec.restartPolicy ?? "Always";
    if (policy === "Always" && !isInit) return true;
    return policy !== "Never" && !succeeded(runner);
  }

  private get phase(): Phase {
    const all = [...this.initContainers, ...this.containers];
    const failed = all.filter((each) => "terminated" in each.state && !succeeded(each) && !this.restarts(each));
    const main = this.containers;
    if (failed.length > 0 && main.every(({ state }) => !("running" in state))) return "Failed";
    if (main.length > 0 && main.every((each) => succeeded(each) && !this.restarts(each))) return "Succeeded";
    return main.some(({ state, restarts }) => "running" in state || restarts > 0) ? "Running" : "Pending";
  }

  private async report(): Promise<void> {
    const { pod, startTime, phase, initContainers, containers, waiting } = this;
    const podIp = this.context === undefined ? undefined : this.environment.podIp;
    const isInitialized = this.context !== undefined && initContainers.every(succeeded);
    const status = describePod(
      { pod, podIp, startTime, phase, initContainers, containers, isInitialized, ...(waiting && { waiting }) },
      this.times,
      new Date().toISOString(),
    );
    const text = JSON.stringify(status);
    if (text === this.reported) return;
    await this.environment.api.patch(`${this.path}/status`, { status }).catch(ignoreMissing);
    this.reported = text;
  }

  private async terminate(): Promise<void> {
    const graceMs = (this.pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000;
    await Promise.all([...this.initContainers, ...this.containers].map((each) => each.stop(graceMs)));
    await this.report();
    const { uid } = this.pod.metadata;
    await this.environment.api.remove(this.path, { gracePeriodSeconds: 0, preconditions: { uid } });
    await fs.rm(this.environment.folder, { recursive: true, force: true });
    this.hasEnded = true;
  }

  private get path(): string {
    const { namespace, name } = this.pod.metadata;
    return path.posix.join("/api/v1/namespaces", namespace, "pods", name);
  }
}

const succeeded = ({ state }: ContainerRunner): boolean => "terminated" in state && state.terminated.exitCode === 0;

/** The pod, or an object that it shows, has just been deleted; the next round sees that. */
function ignoreMissing(error: unknown): void {
  if (error instanceof ContainerConfigError) return;
  if (error instanceof Error && "status" in error && (error.status === 404 || error.status === 409)) return;
  throw error;
}
