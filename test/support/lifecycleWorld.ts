/** One instance in the test's time, with the VMs and the daemon that a test lets live and die; everything else is in memory. */
import { setImmediate as settle } from "node:timers/promises";
import type { InstanceState } from "../../provider/contract/models";
import { InstanceActor } from "../../provider/platform/instances/actor";
import type { InstanceEnvironment } from "../../provider/platform/instances/environment";
import type { RequestOptions } from "../../provider/platform/instances/instance";
import type { InstanceRequest } from "../../provider/platform/instances/lifecycle/decideRequest";
import { restoreInstance } from "../../provider/platform/instances/lifecycle/restore";
import type { Rotation } from "../../provider/platform/proxy/rotation/rotation";
import type { InstanceRecord } from "../../provider/platform/store/instances";
import { ApiItemError } from "../../provider/platform/errors";
import { DEFAULT_TIMINGS } from "../../provider/platform/timings";
import type { VmExit, VmSpec, Vmm } from "../../provider/platform/vmm/vmm";
import { SimulatedControl, SimulatedVm } from "./simulatedVm";

/** What became of a request; `unknown`: the daemon was killed meanwhile. */
export type Outcome = "accepted" | "denied" | "failed" | "unknown";
/** Where the daemon is killed: at its effect with this number from now on, counted from 1, before or after it has happened. */
export interface KillPoint {
  readonly effect: number;
  readonly isDone: boolean;
}

/** One run of the daemon. */
interface Daemon {
  isAlive: boolean;
}

const SILENT = { write: () => undefined, close: () => undefined };
/** What a killed daemon waits for. */
const NEVER = new Promise<never>(() => undefined);

/** The instance and what can happen to it. */
export class LifecycleWorld {
  /** As in the database; `undefined`: deleted. */
  record: InstanceRecord | undefined;
  /** Every VM that was ever started. */
  readonly vms: SimulatedVm[] = [];
  /** Changes of the recorded state, in order. */
  readonly changes: { readonly from: InstanceState; readonly to: InstanceState }[] = [];
  /** Starts of a VM that failed. */
  failedStarts = 0;
  /** Writes to the database that failed. */
  failedWrites = 0;
  /** Daemons that were killed while the last change was not written. */
  forgetfulKills = 0;
  #isUnwritten = false;
  #daemon: Daemon | undefined;
  #actor: InstanceActor;
  #killPoint: { effect: number; readonly isDone: boolean } | undefined;
  #faults: Record<"start" | "save" | "remove", boolean> = { start: false, save: false, remove: false };
  #connections = 0;
  #rotationState: string | undefined;
  #endDrain: () => void = () => undefined;

  constructor(record: InstanceRecord) {
    this.record = record;
    this.#actor = this.#open(record);
  }

  /** The VM that runs; the newest one, if more than one does. */
  get vm(): SimulatedVm | undefined {
    return this.vms.findLast(({ isAlive }) => isAlive);
  }

  get isDaemonAlive(): boolean {
    return this.#daemon !== undefined;
  }

  get state(): InstanceState {
    return this.record?.status.state ?? "deleted";
  }

  /** The next effect of this kind fails. */
  breakNext(what: "start" | "save" | "remove"): void {
    this.#faults[what] = true;
  }

  /** Nothing fails or kills from now on. */
  repair(): void {
    this.#faults = { start: false, save: false, remove: false };
    this.#killPoint = undefined;
  }

  /** Kills the daemon at a later effect. */
  killAt({ effect, isDone }: KillPoint): void {
    this.#killPoint = { effect, isDone };
  }

  /** Kills the daemon now. */
  kill(): void {
    if (this.#daemon === undefined) return;
    if (this.#isUnwritten) this.forgetfulKills++;
    this.#isUnwritten = false;
    this.#daemon.isAlive = false;
    this.#daemon = undefined;
    this.#actor.close();
    this.#killPoint = undefined;
    this.#connections = 0;
    this.#rotationState = undefined;
  }

  /** Starts a daemon, which finds what the one before has left. */
  async boot(): Promise<void> {
    const { record } = this;
    if (this.#daemon !== undefined || record === undefined) return;
    this.#actor = this.#open(record);
    const daemon = this.#daemon ?? { isAlive: false };
    const vmm: Pick<Vmm, "adopt" | "postMortem"> = {
      adopt: async () => (this.vm === undefined ? undefined : this.#controlOf(this.vm, daemon)),
      postMortem: async () => this.vms.at(-1)?.exit ?? { kind: "killed", detail: "" },
    };
    const parts = { vmm, log: SILENT, specOf: () => ({}) as VmSpec };
    await restoreInstance(this.#actor, parts).catch(() => undefined); // the daemon was killed meanwhile, or a write failed
    await this.settle();
  }

  /** Sends a request, and waits until the instance has handled what it can. */
  async request(request: InstanceRequest, options: RequestOptions = {}): Promise<Outcome> {
    const daemon = this.#daemon;
    if (daemon === undefined || this.record === undefined) return "denied";
    let outcome: Outcome | undefined;
    this.#actor.request(request, options).then(
      () => (outcome ??= "accepted"),
      (error: unknown) => (outcome ??= isDenial(error) ? "denied" : "failed"),
    );
    await this.settle();
    return daemon.isAlive ? (outcome ?? "accepted") : "unknown"; // without an outcome it waits for the guest
  }

  /** A client connects: it reaches a ready instance, or wakes a sleeping one. */
  async connect(): Promise<void> {
    if (this.#rotationState === "standby") await this.request("wake");
    else if (this.#rotationState === "ready") this.#countConnections(1);
    await this.settle();
  }

  /** All clients disconnect. */
  async disconnect(): Promise<void> {
    this.#countConnections(-this.#connections);
    this.#endDrain();
    await this.settle();
  }

  /** The running VM ends. */
  async exit(exit: VmExit): Promise<void> {
    if (this.vm !== undefined) this.#countConnections(-this.#connections);
    this.vm?.end(exit);
    await this.settle();
  }

  /** Sets or removes the lock against deletion. The platform may refuse it. */
  async setLock(isLocked: boolean): Promise<void> {
    try {
      if (this.record !== undefined) this.#patchLock(isLocked);
    } catch {
      // a template or checkpoint, or it was not written
    }
    await this.settle();
  }

  /** Waits until nothing more happens without time passing, or another action. */
  async settle(): Promise<void> {
    await settle();
    await settle();
  }

  #patchLock(isLocked: boolean): void {
    if (this.#daemon !== undefined) this.#actor.patch({ prop: "delete_lock", op: "set", value: isLocked });
  }

  #countConnections(more: number): void {
    this.#connections += more;
    if (this.#daemon !== undefined) this.#actor.connectionsChanged(this.#connections);
  }

  #open(record: InstanceRecord): InstanceActor {
    const daemon = { isAlive: true };
    this.#daemon = daemon;
    return new InstanceActor(record, this.#environmentOf(daemon));
  }

  #controlOf(vm: SimulatedVm, daemon: Daemon): SimulatedControl {
    return new SimulatedControl(vm, (act) => this.#perform(daemon, act));
  }

  /** An effect that takes time. A killed daemon never learns of its end. */
  async #perform(daemon: Daemon, act: () => void): Promise<void> {
    if (!this.#survives(daemon, act)) return NEVER;
  }

  /** A write to the database. */
  #write(daemon: Daemon, act: () => void): void {
    if (daemon.isAlive && this.#takeFault("save")) {
      this.failedWrites++;
      this.#isUnwritten = true;
      throw new Error("the disk is full");
    }
    if (!this.#survives(daemon, act)) throw new Error("the daemon was killed");
  }

  /** Performs an effect of the daemon, unless it is dead; false if the daemon is dead afterwards. */
  #survives(daemon: Daemon, act: () => void): boolean {
    if (!daemon.isAlive) return false;
    const point = this.#killPoint;
    if (point !== undefined) point.effect--;
    const isKilled = point?.effect === 0;
    if (!isKilled || point.isDone) act();
    if (isKilled) this.kill();
    return !isKilled;
  }

  #takeFault(what: "start" | "save" | "remove"): boolean {
    const isBroken = this.#faults[what];
    this.#faults[what] = false;
    return isBroken;
  }

  #save(changed: Partial<InstanceRecord>): void {
    if (this.record === undefined) throw new Error("A deleted instance was written.");
    const from = this.state;
    this.record = { ...this.record, ...changed };
    this.#isUnwritten = false;
    if (from !== this.state) this.changes.push({ from, to: this.state });
  }

  readonly #rotation: Partial<Rotation> = {
    setState: (_uuid, state) => void (this.#rotationState = state),
    configure: () => undefined,
    remove: () => void (this.#rotationState = undefined),
    closeConnections: () => void (this.#connections = 0),
    cutConnections: () => void (this.#connections = 0),
    connectionCount: () => this.#connections,
    idleMs: () => Infinity,
    drain: async (_uuid, _limits, signal) => {
      if (this.#connections === 0) return;
      await new Promise<void>((resolve) => {
        this.#endDrain = resolve;
        signal.addEventListener("abort", () => resolve());
      });
    },
  };

  #environmentOf(daemon: Daemon): InstanceEnvironment {
    const env: Partial<InstanceEnvironment> = {
      timings: DEFAULT_TIMINGS,
      log: SILENT,
      network: {
        plug: () => undefined,
        replug: () => undefined,
        park: () => undefined,
        ready: () => undefined,
        idleMs: () => Infinity,
      },
      queuesUpdates: true,
      snapshotFolder: () => "",
      releaseSnapshot: () => Promise.resolve(),
      patchContext: () => ({}) as ReturnType<InstanceEnvironment["patchContext"]>,
      vmSpec: () => ({}) as VmSpec,
      vmm: {
        start: async () => {
          if (daemon.isAlive && this.#takeFault("start")) {
            this.failedStarts++;
            throw new Error("no QEMU");
          }
          const vm = new SimulatedVm();
          await this.#perform(daemon, () => void this.vms.push(vm));
          return this.#controlOf(vm, daemon);
        },
      } as unknown as Vmm,
      waitUntilDisksFree: async () => undefined,
      assertLiveQuota: () => undefined,
      startDependencies: async () => undefined,
      notifyChange: () => undefined,
      saveStatus: (_uuid, status) => this.#write(daemon, () => this.#save({ status })),
      saveDefinition: (_uuid, definition, status) => this.#write(daemon, () => this.#save({ definition, status })),
      saveVolumes: (_uuid, volumes, status) => this.#write(daemon, () => this.#save({ volumes, status })),
      saveWithoutService: (_uuid, status) => this.#write(daemon, () => this.#save({ serviceUuid: undefined, status })),
      onServiceLeft: () => undefined,
      serviceOf: ({ serviceUuid }) =>
        serviceUuid === undefined ? undefined : { rotation: this.#rotation as Rotation, destinationPorts: [80] },
      removeInstance: async () => {
        if (daemon.isAlive && this.#takeFault("remove")) throw new Error("the disk is full");
        await this.#perform(daemon, () => {
          this.changes.push({ from: this.state, to: "deleted" });
          this.record = undefined;
        });
      },
    };
    return env as InstanceEnvironment;
  }
}

const isDenial = (error: unknown): boolean => error instanceof ApiItemError && error.itemCode === "FailedWrongVmState";
