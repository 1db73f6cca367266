/**
 * One actor per instance: a queue, a loop, one state. Requests of the API, ends of the VM, and timers are its inputs;
 * VM events are served before requests. Nobody else changes an instance.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceState } from "../../api/models";
import { within } from "../proxy/within";
import { Refusal } from "../refusal";
import type { InstanceRecord } from "../state/instances";
import type { Vm, VmExit } from "../vmm/vmm";
import { type DenyReason, decide, type InstanceRequest } from "./decide";
import type { StatusChange } from "./publish";
import { restartPauseMs, shouldRestart } from "./restart";
import { beginRun, nextPhase, type Run, untilAnswers } from "./run";
import { startFailed, type StopFacts, stopFacts, stoppedInStandby } from "./stopReason";
import type { ActorSurroundings, StopOptions } from "./surroundings";

type Message =
  | {
      readonly is: "request";
      readonly request: InstanceRequest;
      readonly options: StopOptions;
      readonly done: (error?: Error) => void;
    }
  | { readonly is: "started" | "answered" | "drained" | "healthy"; readonly run: Run }
  | { readonly is: "exited"; readonly run: Run; readonly exit: VmExit };

const DENIED: Readonly<Record<DenyReason, string>> = {
  DELETE_PENDING: "is being deleted",
  STOP_PENDING: "is being stopped; wait until it is stopped",
  NOT_RUNNING: "is not running",
};
const NO_DRAIN: StopOptions = { drainTimeoutMs: 0 };
const UP: readonly InstanceState[] = ["starting", "running", "draining", "stopping"];

/** Owns one instance and its VM. */
export class InstanceActor {
  #record: InstanceRecord;
  #run: Run | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #released = false;
  #looping = false;
  readonly #events: Message[] = [];
  readonly #requests: Message[] = [];
  readonly #pending = new Set<InstanceRequest>();
  readonly #around: ActorSurroundings;

  constructor(record: InstanceRecord, around: ActorSurroundings) {
    this.#record = record;
    this.#around = around;
    this.#rotate();
  }

  /** The instance as it is now. */
  get record(): InstanceRecord {
    return this.#record;
  }

  get state(): InstanceState {
    return this.#record.status.state;
  }

  /** True from the moment a delete is accepted; no more when it failed and can be asked for again. */
  get isBeingDeleted(): boolean {
    return this.#pending.has("delete");
  }

  /** Milliseconds of all runs, the present one included. */
  get uptimeMs(): number {
    const { uptimeMs, startedAt } = this.#record.status;
    return UP.includes(this.state) && startedAt !== undefined ? uptimeMs + Date.now() - startedAt : uptimeMs;
  }

  /**
   * Asks for something; resolves when it was begun (a start: the VM runs; a stop: the guest was asked; a delete: all is
   * gone), or at once when there is nothing to do.
   *
   * Throws a refusal `FailedWrongVmState`; a start also what the VMM throws.
   */
  request(request: InstanceRequest, options: StopOptions = NO_DRAIN): Promise<void> {
    const { state, restart, deleting, stopAskedBy } = this.#record.status;
    // After a delete that failed nothing but another one makes sense.
    const pending: ReadonlySet<InstanceRequest> =
      deleting && request !== "delete" ? new Set([...this.#pending, "delete"]) : this.#pending;
    const decision = decide(state, restart?.nextAt !== undefined, pending, request, stopAskedBy === "scale-to-zero");
    if (decision.do === "ignore") return Promise.resolve();
    if (decision.do === "deny") {
      return Promise.reject(
        new Refusal("FailedWrongVmState", `Instance '${this.#record.name}' ${DENIED[decision.reason]}`),
      );
    }
    this.#pending.add(request);
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#requests.push({ is: "request", request, options, done });
      void this.#loop();
    });
  }

  /** Takes over a VM of an earlier daemon, in whatever state that left it. */
  adopt(vm: Vm): void {
    const state = this.state;
    this.#attach(vm, performance.now(), true);
    if (this.#record.status.deleting) return;
    if (state === "draining" || state === "stopping") this.#shutDown(this.#record.status.stopForced);
    else if (state === "stopped") this.#publish({ state: "starting", startedAt: Date.now() });
    this.#rotate();
  }

  /** Notes that the VM ended while no daemon ran, and applies the restart policy. */
  foundDead(exit: VmExit): void {
    this.#stopped(stopFacts(exit, this.#asked()));
  }

  /** Continues a restart sequence that a daemon before this one began. */
  resumeRestart(): void {
    const { restart } = this.#record.status;
    if (this.state === "stopped" && restart?.nextAt !== undefined)
      this.#scheduleRestart(Math.max(0, restart.nextAt - Date.now()));
  }

  /** The service's ports changed: what answered before may not answer now. */
  portsChanged(): void {
    const run = this.#run;
    if (run !== undefined && this.state === "running") this.#probe(run);
  }

  /** The proxy's count of open connections changed. */
  connectionsChanged(count: number): void {
    clearTimeout(this.#idleTimer);
    const { scaleToZero } = this.#record.definition;
    if (this.#released || scaleToZero === undefined || scaleToZero.policy === "off" || count > 0) return;
    if (this.state !== "running" || this.#record.status.netTimeUs === undefined) return;
    const sleepNow = (): void => void this.request("sleep").catch(() => undefined); // it stopped meanwhile
    this.#idleTimer = setTimeout(sleepNow, scaleToZero.cooldown_time_ms ?? 1000);
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#idleTimer);
    this.#run?.over.abort();
    this.#run?.phase.abort();
    this.#run?.vm.release();
  }

  // --- the loop --------------------------------------------------------------------------------------------------

  async #loop(): Promise<void> {
    if (this.#looping) return;
    this.#looping = true;
    for (let message = this.#next(); message !== undefined; message = this.#next()) {
      const done = message.is === "request" ? message.done : () => undefined;
      try {
        await this.#handle(message);
        done();
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        this.#log("instance.failed", { on: message.is, reason: error.message });
        if (message.is === "request") this.#pending.delete(message.request);
        done(error);
      }
    }
    this.#looping = false;
  }

  #next(): Message | undefined {
    return this.#released ? undefined : (this.#events.shift() ?? this.#requests.shift());
  }

  #event(message: Message): void {
    this.#events.push(message);
    void this.#loop();
  }

  async #handle(message: Message): Promise<void> {
    if (message.is === "request") {
      if (message.request !== "delete") this.#pending.delete(message.request);
      return await this.#act(message.request, message.options);
    }
    const { run } = message;
    if (run !== this.#run) return; // of a life that is over
    switch (message.is) {
      case "started":
        return this.#started(run);
      case "answered":
        return this.#answered(run);
      case "healthy":
        return this.#publish({ restart: undefined });
      case "drained":
        return this.state === "draining" ? this.#shutDown(false) : undefined;
      case "exited":
        run.over.abort();
        run.phase.abort();
        this.#run = undefined;
        return this.#stopped(stopFacts(message.exit, this.#asked()));
    }
  }

  #act(request: InstanceRequest, options: StopOptions): Promise<void> | void {
    switch (request) {
      case "start":
      case "wake":
        return this.state === "stopped" || this.state === "standby" ? this.#start(false) : undefined;
      case "restart":
        return this.state === "stopped" ? this.#start(true) : undefined;
      case "stop":
        return this.#stop(options.drainTimeoutMs);
      case "force-stop":
        return this.#forceStop();
      case "sleep":
        return this.#sleep();
      case "delete":
        return this.#delete();
    }
  }

  // --- starting --------------------------------------------------------------------------------------------------

  async #start(isRestart: boolean): Promise<void> {
    clearTimeout(this.#restartTimer);
    if (this.#run !== undefined) return await this.#resume(this.#run);
    const { status } = this.#record;
    this.#publish({
      state: "starting",
      startCount: status.startCount + 1,
      restartCount: status.restartCount + (isRestart ? 1 : 0),
      restart: isRestart && status.restart !== undefined ? { attempt: status.restart.attempt } : undefined,
      startedAt: Date.now(),
      bootTimeUs: undefined,
      netTimeUs: undefined,
      stopReason: undefined,
      stopCode: undefined,
      exitCode: undefined,
      stopAskedBy: undefined,
      stopForced: false,
    });
    this.#rotate();
    const begunAt = performance.now();
    try {
      await this.#around.disksFree(this.#record);
      if (this.#released) return; // the next daemon finds an instance that did not get to start
      this.#attach(await this.#around.vmm.start(this.#around.spec(this.#record)), begunAt, false);
    } catch (error) {
      this.#stopped(startFailed);
      throw error;
    }
  }

  #attach(vm: Vm, begunAt: number, adopted: boolean): void {
    const run = beginRun(vm, begunAt, adopted);
    this.#run = run;
    void vm.started.then(() => this.#event({ is: "started", run }));
    void vm.exited.then((exit) => this.#event({ is: "exited", run, exit }));
  }

  #started(run: Run): void {
    if (this.state === "starting") {
      this.#publish({ state: "running", ...(run.adopted ? {} : { bootTimeUs: microsecondsSince(run.begunAt) }) });
    }
    if (this.state !== "running") return;
    this.#probe(run);
    if (this.#record.status.restart === undefined) return;
    sleep(this.#around.timings.healthyMs, undefined, { signal: run.over.signal, ref: false }).then(
      () => this.#event({ is: "healthy", run }),
      () => undefined, // it ended before
    );
  }

  /** Puts the instance into rotation when it answers on every port. */
  #probe(run: Run): void {
    const service = this.#around.service(this.#record);
    if (service === undefined) return;
    service.rotation.set(this.#record.uuid, "coming");
    void untilAnswers(run.vm, service.destinationPorts, this.#around.timings, nextPhase(run)).then((all) => {
      if (all) this.#event({ is: "answered", run });
    });
  }

  #answered(run: Run): void {
    if (this.state !== "running" || run.phase.signal.aborted) return;
    if (this.#record.status.netTimeUs === undefined) this.#publish({ netTimeUs: microsecondsSince(run.begunAt) });
    const rotation = this.#around.service(this.#record)?.rotation;
    rotation?.set(this.#record.uuid, "ready", run.vm);
    this.connectionsChanged(rotation?.connections(this.#record.uuid) ?? 0);
  }

  // --- stopping --------------------------------------------------------------------------------------------------

  async #stop(drainTimeoutMs: number): Promise<void> {
    const run = this.#run;
    if (run === undefined) return this.#stopWithoutVm();
    if (this.state === "stopping") {
      this.#publish({ stopAskedBy: "user" }); // it was to end in standby
      return this.#rotate();
    }
    if (this.state === "standby") await run.vm.resume(); // so that the guest can end by itself
    this.#publish({ stopAskedBy: "user", stopForced: false });
    const service = this.#around.service(this.#record);
    if (drainTimeoutMs === 0 || service === undefined || this.state === "standby" || this.state === "starting") {
      return this.#shutDown(false);
    }
    if (this.state === "draining") return;
    this.#publish({ state: "draining" });
    const phase = nextPhase(run);
    void within(drainTimeoutMs, phase, (signal) => service.rotation.drain(this.#record.uuid, signal)).then(() =>
      this.#event({ is: "drained", run }),
    );
  }

  #forceStop(): void {
    if (this.#run === undefined) return this.#stopWithoutVm();
    this.#publish({ stopAskedBy: "user" });
    this.#shutDown(true);
  }

  /** Ends a restart sequence, or a standby that keeps no VM. */
  #stopWithoutVm(): void {
    clearTimeout(this.#restartTimer);
    if (this.state === "standby") this.#publish({ state: "stopped", stoppedAt: Date.now(), ...stoppedInStandby });
    this.#publish({ restart: undefined });
    this.#rotate();
  }

  #shutDown(forced: boolean): void {
    const run = this.#run;
    if (run === undefined) return;
    run.phase.abort();
    this.#publish({ state: "stopping", stopForced: forced });
    this.#rotate();
    run.vm.stop({ graceMs: forced ? 0 : this.#around.timings.stopGraceMs }).catch((error: unknown) => {
      this.#log("instance.stop-failed", { reason: error instanceof Error ? error.message : String(error) });
    });
  }

  /** The VM is gone. */
  #stopped(facts: StopFacts): void {
    clearTimeout(this.#idleTimer);
    const { status, definition } = this.#record;
    const uptimeMs = this.uptimeMs;
    const toStandby = status.stopAskedBy === "scale-to-zero";
    const again = !status.deleting && !toStandby && shouldRestart(definition.restartPolicy, facts);
    const attempt = again ? (status.restart?.attempt ?? 0) + 1 : 0;
    const pauseMs = restartPauseMs(attempt, this.#around.timings);
    this.#publish({
      state: toStandby ? "standby" : "stopped",
      stoppedAt: Date.now(),
      uptimeMs,
      ...facts,
      restart: again ? { attempt, nextAt: Date.now() + pauseMs } : undefined,
    });
    this.#log("instance.stopped", {
      stop_reason: facts.stopReason,
      stop_code: facts.stopCode,
      exit_code: facts.exitCode,
    });
    this.#rotate();
    if (again) this.#scheduleRestart(pauseMs);
  }

  #scheduleRestart(pauseMs: number): void {
    clearTimeout(this.#restartTimer);
    const restart = (): void => void this.request("restart").catch(() => undefined); // the loop has logged it
    this.#restartTimer = setTimeout(restart, pauseMs);
  }

  async #delete(): Promise<void> {
    this.#publish({ deleting: true });
    clearTimeout(this.#restartTimer);
    this.#around.service(this.#record)?.rotation.remove(this.#record.uuid);
    const run = this.#run;
    if (run !== undefined) {
      run.phase.abort();
      // What a program wrote to a volume must be on it: only a guest that shuts down writes out what it holds back.
      const writes = this.#record.volumes.some((volume) => !volume.readonly);
      if (this.state === "standby" && writes) await run.vm.resume().catch(() => undefined); // one that hangs is cut off
      await run.vm.stop({ graceMs: writes ? this.#around.timings.stopGraceMs : 0 });
      run.over.abort();
      this.#run = undefined;
    }
    await this.#around.remove(this.#record);
    this.#log("instance.deleted");
  }

  // --- scale to zero ---------------------------------------------------------------------------------------------

  async #sleep(): Promise<void> {
    const { uuid, definition } = this.#record;
    const rotation = this.#around.service(this.#record)?.rotation;
    const run = this.#run;
    if (this.state !== "running" || run === undefined || rotation === undefined || rotation.connections(uuid) > 0)
      return;
    if (definition.scaleToZero?.stateful !== true) {
      this.#publish({ stopAskedBy: "scale-to-zero" });
      return this.#shutDown(false);
    }
    this.#publish({ state: "standby", uptimeMs: this.uptimeMs });
    rotation.set(uuid, "asleep", run.vm);
    await run.vm.pause();
  }

  async #resume(run: Run): Promise<void> {
    await run.vm.resume();
    this.#publish({ state: "running", startedAt: Date.now(), startCount: this.#record.status.startCount + 1 });
    this.#answered(run);
  }

  // --- telling others --------------------------------------------------------------------------------------------

  /** Puts the instance where its state says into its service's rotation; `ready` is set by an answer alone. */
  #rotate(): void {
    const { uuid, status } = this.#record;
    if (status.deleting) return;
    const coming = status.state === "starting" || status.state === "running" || status.restart?.nextAt !== undefined;
    const toStandby = status.state === "stopping" && status.stopAskedBy === "scale-to-zero";
    const is = status.state === "standby" ? "asleep" : coming || toStandby ? "coming" : "away";
    this.#around.service(this.#record)?.rotation.set(uuid, is);
  }

  #asked(): { readonly by: "user" | "scale-to-zero" | undefined; readonly forced: boolean } {
    const { stopAskedBy, stopForced } = this.#record.status;
    return { by: stopAskedBy, forced: stopForced };
  }

  #publish(change: StatusChange): void {
    if (!this.#released) this.#record = this.#around.publish(this.#record, change);
  }

  #log(event: string, facts: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.#around.log.write(event, { uuid: this.#record.uuid, name: this.#record.name, ...facts });
  }
}

const microsecondsSince = (begunAt: number): number => Math.max(1, Math.round((performance.now() - begunAt) * 1000));
