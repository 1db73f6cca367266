/** One container of a pod over all its runs: starts, probes, restarts and stops it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { toLoopback } from "./addresses";
import { ContainerProcess, type Mount } from "./containerProcess";
import { expand, resolveEnvironment } from "./environment";
import type { TestImages } from "./images";
import type { Container, Pod } from "./objects";
import { ProbeState, type ProbeTarget, runHandler } from "./probes";
import { ContainerConfigError, type PodSources } from "./sources";
import type { VolumeFolder } from "./volumes";

/** What a container needs of its pod. */
export interface PodContext {
  readonly pod: Pod;
  readonly podIp: string;
  /** Folder of the pod. */
  readonly folder: string;
  /** File with the names of Services, for `/etc/hosts`. */
  readonly hosts: string;
  readonly images: TestImages;
  readonly sources: PodSources;
  readonly volumes: ReadonlyMap<string, VolumeFolder>;
}

/** The state that a pod's status reports. */
export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: { exitCode: number; reason: string; startedAt: string; finishedAt: string } };

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;
const HOOK_TIMEOUT_MS = 30_000;

/** See the file's comment. */
export class ContainerRunner {
  state: ContainerState = { waiting: { reason: "ContainerCreating" } };
  lastState: ContainerState | undefined;
  restarts = 0;
  isReady = false;
  isStarted = false;
  private process: ContainerProcess | undefined;
  private probes: { readonly startup?: ProbeState; readonly liveness?: ProbeState; readonly readiness?: ProbeState } =
    {};
  private retryAtMs = 0;
  private runs = 0;

  readonly container: Container;
  private readonly context: PodContext;

  constructor(container: Container, context: PodContext) {
    this.container = container;
    this.context = context;
  }

  /** Starts the container if it is due. */
  async start(nowMs: number): Promise<void> {
    if (this.process !== undefined || nowMs < this.retryAtMs) return;
    try {
      this.process = await this.create();
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      const reason = this.image === undefined ? "ErrImagePull" : "CreateContainerConfigError";
      this.state = { waiting: { reason, message: error.message } };
      this.retryAtMs = nowMs + FIRST_BACKOFF_MS;
      return;
    }
    const { startupProbe, livenessProbe, readinessProbe, lifecycle } = this.container;
    const probe = (of: typeof startupProbe): ProbeState | undefined => of && new ProbeState(of, nowMs);
    const [startup, liveness, readiness] = [probe(startupProbe), probe(livenessProbe), probe(readinessProbe)];
    this.probes = { ...(startup && { startup }), ...(liveness && { liveness }), ...(readiness && { readiness }) };
    this.state = { running: { startedAt: new Date(nowMs).toISOString() } };
    this.isStarted = startup === undefined;
    if (lifecycle?.postStart !== undefined)
      await runHandler(lifecycle.postStart, this.target(this.process), HOOK_TIMEOUT_MS);
  }

  /** Notices an exit, runs the probes that are due and ends a container that is not alive. */
  async check(nowMs: number): Promise<void> {
    const running = this.process;
    if (running === undefined) return;
    if (running.exitCode !== undefined) return this.exited(running.exitCode, nowMs);
    const target = this.target(running);
    const { startup, liveness, readiness } = this.probes;
    if (startup !== undefined && !this.isStarted) {
      await startup.run(target, nowMs);
      this.isStarted = startup.result === true;
      if (startup.result === false) return this.kill(nowMs);
    }
    if (!this.isStarted) return;
    await Promise.all([liveness?.run(target, nowMs), readiness?.run(target, nowMs)]);
    if (liveness?.result === false) return this.kill(nowMs);
    this.isReady = readiness === undefined || readiness.result === true;
  }

  /** Runs the preStop hook and ends the process within the pod's grace period. */
  async stop(graceMs: number): Promise<void> {
    const running = this.process;
    if (running === undefined) return;
    const startedAtMs = Date.now();
    const hook = this.container.lifecycle?.preStop;
    if (hook !== undefined && graceMs > 0) await runHandler(hook, this.target(running), graceMs);
    await running.stop(Math.max(0, graceMs - (Date.now() - startedAtMs)));
    this.isReady = false;
    this.exited(running.exitCode ?? 0, Date.now());
  }

  /** May it run again after its end? Counts the restart. */
  scheduleRestart(nowMs: number): void {
    if (!("terminated" in this.state)) return;
    const { terminated } = this.state;
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.restarts);
    this.lastState = { terminated };
    this.restarts += 1;
    this.retryAtMs = nowMs + backoffMs;
    this.state = { waiting: { reason: "CrashLoopBackOff", message: `exit code ${terminated.exitCode}` } };
  }

  private get image() {
    return this.context.images[this.container.image];
  }

  private target(process: ContainerProcess): ProbeTarget {
    return { container: this.container, process, host: toLoopback(this.context.podIp) };
  }

  private async kill(nowMs: number): Promise<void> {
    await this.stop((this.context.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
    this.retryAtMs = nowMs;
  }

  private exited(exitCode: number, nowMs: number): void {
    const startedAt = "running" in this.state ? this.state.running.startedAt : new Date(nowMs).toISOString();
    const reason = exitCode === 0 ? "Completed" : "Error";
    this.state = { terminated: { exitCode, reason, startedAt, finishedAt: new Date(nowMs).toISOString() } };
    this.process = undefined;
    this.isReady = false;
    this.isStarted = false;
  }

  private async create(): Promise<ContainerProcess> {
    const { container, context, image } = this;
    if (image === undefined) throw new ContainerConfigError(`the test has no image "${container.image}"`);
    const host = toLoopback(context.podIp);
    const base = { HOSTNAME: context.pod.metadata.name, LISTEN_HOST: host, ...image.env };
    const env = await resolveEnvironment(container, base, context.sources);
    const command = [
      ...(container.command ?? image.entrypoint),
      ...(container.args ?? (container.command === undefined ? (image.cmd ?? []) : [])),
    ].map((word) => expand(word, env));

    const security = { ...context.pod.spec.securityContext, ...container.securityContext };
    const user = security.runAsUser ?? image.user ?? 0;
    if (security.runAsNonRoot === true && user === 0)
      throw new ContainerConfigError("container has runAsNonRoot and image will run as root");
    const name = `${container.name}-${this.runs++}`;
    const root = path.join(context.folder, name, "root");
    await fs.mkdir(root, { recursive: true });
    return ContainerProcess.start({
      root,
      log: path.join(context.folder, `${container.name}.log`),
      command,
      env,
      mounts: await this.mounts(image.files),
      isRootReadOnly: security.readOnlyRootFilesystem === true,
      user,
      group: security.runAsGroup ?? 0,
      ...(security.fsGroup === undefined ? {} : { volumeGroup: security.fsGroup }),
    });
  }

  private async mounts(files: Readonly<Record<string, string>>): Promise<readonly Mount[]> {
    const { hosts, volumes } = this.context;
    const own: Mount[] = [];
    for (const { name, mountPath, subPath, readOnly } of this.container.volumeMounts ?? []) {
      const volume = volumes.get(name);
      if (volume === undefined) throw new ContainerConfigError(`volume "${name}" not found`);
      const source = path.join(volume.folder, subPath ?? "");
      const isPresent = await fs.stat(source).then(
        () => true,
        () => false,
      );
      if (!isPresent) await fs.mkdir(source, { recursive: true });
      own.push({ source, target: mountPath, readOnly: volume.readOnly || readOnly === true });
    }
    const image = Object.entries(files).map(([target, source]): Mount => ({ source, target, readOnly: true }));
    const all = [{ source: hosts, target: "/etc/hosts", readOnly: true }, ...image, ...own];
    // A mount hides what is mounted below its path, so the shorter paths come first.
    return all.sort((a, b) => a.target.length - b.target.length);
  }
}
