/** An instance's actor with an in-memory environment; records each change of its state with the cause. */
import { setImmediate as settle } from "node:timers/promises";
import type { InstanceState } from "../../provider/contract/models";
import { InstanceActor } from "../../provider/platform/instances/actor";
import type { InstanceEnvironment } from "../../provider/platform/instances/environment";
import type { InstanceRequest } from "../../provider/platform/instances/lifecycle/decideRequest";
import type { Rotation } from "../../provider/platform/proxy/rotation/rotation";
import type { InstanceRecord, InstanceStatus } from "../../provider/platform/store/instances";
import { DEFAULT_TIMINGS } from "../../provider/platform/timings";
import type { VmExit } from "../../provider/platform/vmm/vmm";
import { ManualVm } from "./manualVm";

/** One change of state. */
export interface Transition {
  readonly from: InstanceState;
  readonly to: InstanceState;
  /** The request or event. */
  readonly cause: string;
  /** A paused VM exists before it. */
  readonly fromPaused: boolean;
  /** A paused VM exists after it. */
  readonly toPaused: boolean;
}

const CRASH: VmExit = { kind: "panicked", detail: "" };

/** One instance and every request and event that can affect it. */
export class InstanceWorld {
  /** The transitions caused by the actions so far. */
  readonly transitions: Transition[] = [];
  #record: InstanceRecord;
  #actor: InstanceActor;
  #vm: ManualVm | undefined;
  #cause = "";
  #fault: "none" | "start fails" | "start waits" | "delete fails" = "none";
  #isWaiting = false;
  #changes: Pick<Transition, "from" | "to" | "cause">[] = [];
  #endDrain: (() => void) | undefined;

  constructor(record: InstanceRecord) {
    this.#record = record;
    this.#actor = new InstanceActor(record, this.#env);
  }

  /** The state that determines all further transitions. */
  get situation(): string {
    const { state, stopAskedBy, becomesTemplate, deleting, stopForced, restart, snapshotUuid } = this.#record.status;
    const vm = this.#vm?.isAlive === true && [this.#vm.hasStarted, this.#vm.paused];
    const more = [
      restart?.nextAt !== undefined,
      snapshotUuid !== undefined,
      this.#isWaiting,
      this.#endDrain === undefined,
    ];
    return JSON.stringify([state, stopAskedBy, becomesTemplate, deleting, stopForced, vm, more]);
  }

  get #isPaused(): boolean {
    return this.#vm?.isAlive === true && this.#vm.paused;
  }

  /** Performs one action and waits until the instance has handled it. */
  async act(action: string): Promise<void> {
    this.#changes = [];
    const before = this.#isPaused;
    this.#begin(action);
    await settle();
    await settle();
    this.#changes.forEach((change, index, { length }) =>
      this.transitions.push({
        ...change,
        fromPaused: index === 0 && before,
        toPaused: index === length - 1 && this.#isPaused,
      }),
    );
  }

  /** Stops the daemon. */
  close(): void {
    this.#actor.close();
  }

  #begin(action: string): void {
    const vm = this.#vm?.isAlive === true ? this.#vm : undefined;
    this.#cause = action;
    this.#fault = "none";
    switch (action) {
      case "started":
        if (vm !== undefined) vm.hasStarted = true;
        return vm?.begin();
      case "exited":
        return vm?.end(CRASH);
      case "drained":
        return this.#endDrain?.();
      case "adopted": // a daemon exited, the next one adopts the VM
        if (vm === undefined || this.#record.status.deleting) return;
        return this.#restart().adoptVm(vm);
      case "lost": // the VM exited while no daemon ran, or never started
        if ((vm === undefined && this.#record.status.state !== "starting") || this.#record.status.deleting) return;
        this.#cause = "exited";
        this.#restart();
        vm?.end(CRASH);
        return this.#actor.handleLostVm(CRASH);
      case "start fails":
      case "start waits":
        this.#fault = action;
        return this.#request("start");
      case "delete fails":
        this.#fault = action;
        return this.#request("delete");
      case "stop drains":
        return this.#request("stop", 60_000);
      case "suspend drains":
        return this.#request("suspend", 60_000);
      default:
        return this.#request(action as InstanceRequest);
    }
  }

  #request(request: InstanceRequest, drainTimeoutMs = 0): void {
    this.#cause = request;
    this.#actor.request(request, { drainTimeoutMs }).catch(() => undefined); // a denied request changes nothing
  }

  #restart(): InstanceActor {
    this.#actor.close();
    this.#isWaiting = false;
    this.#endDrain = undefined;
    return (this.#actor = new InstanceActor(this.#record, this.#env));
  }

  #save(changed: Partial<InstanceRecord> & { readonly status: InstanceStatus }): void {
    this.#enter(changed.status.state);
    this.#record = { ...this.#record, ...changed };
  }

  #enter(to: InstanceState): void {
    const from = this.#record.status.state;
    if (from !== to) this.#changes.push({ from, to, cause: this.#cause });
  }

  readonly #rotation: Partial<Rotation> = {
    setState: () => undefined,
    configure: () => undefined,
    remove: () => undefined,
    closeConnections: () => undefined,
    cutConnections: () => undefined,
    connectionCount: () => 0,
    idleMs: () => 0,
    drain: (_uuid, _limits, signal) =>
      new Promise<void>((resolve) => {
        this.#endDrain = resolve;
        signal.addEventListener("abort", () => resolve());
      }).finally(() => (this.#endDrain = undefined)),
  };

  get #env(): InstanceEnvironment {
    const env: Partial<InstanceEnvironment> = {
      timings: DEFAULT_TIMINGS,
      log: { write: () => undefined, close: () => undefined },
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
      vmSpec: () => ({}) as ReturnType<InstanceEnvironment["vmSpec"]>,
      vmm: {
        start: async () => {
          if (this.#fault === "start fails") {
            this.#cause = this.#fault;
            throw new Error("no QEMU");
          }
          return (this.#vm = new ManualVm(() => (this.#cause = "exited")));
        },
      } as unknown as InstanceEnvironment["vmm"],
      waitUntilDisksFree: async () => undefined,
      assertLiveQuota: () => undefined,
      startDependencies: async (_record, signal) => {
        if (this.#fault !== "start waits") return;
        this.#isWaiting = true;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        this.#isWaiting = false;
      },
      notifyChange: () => undefined,
      saveStatus: (_uuid, status) => this.#save({ status }),
      saveDefinition: (_uuid, definition, status) => this.#save({ definition, status }),
      saveVolumes: (_uuid, volumes, status) => this.#save({ volumes, status }),
      saveWithoutService: (_uuid, status) => this.#save({ serviceUuid: undefined, status }),
      onServiceLeft: () => undefined,
      serviceOf: ({ serviceUuid }) =>
        serviceUuid === undefined ? undefined : { rotation: this.#rotation as Rotation, destinationPorts: [] },
      removeInstance: async ({ status }) => {
        const fails = this.#fault === "delete fails";
        this.#cause = fails ? this.#fault : "delete";
        if (fails) throw new Error("the disk is full");
        this.#save({ status: { ...status, state: "deleted" } });
      },
    };
    return env as InstanceEnvironment;
  }
}
