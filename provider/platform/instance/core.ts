/** What the parts of an actor share: the record, the VM's present life, timers, and the platform around. */
import type { InstanceState } from "../../api/models";
import type { Rotation } from "../proxy/rotation";
import type { Attachment, InstanceRecord } from "../state/instances";
import type { VmExit } from "../vmm/vmm";
import type { InstanceRequest } from "./decide";
import type { StatusChange } from "./publish";
import type { Run } from "./run";
import type { StopAsked } from "./stopReason";
import type { ActorSurroundings } from "./surroundings";
import { placeOf } from "./transitions";

/** Something that happened to a VM. */
export type InstanceEvent =
  | { readonly is: "started" | "answered" | "drained" | "healthy"; readonly run: Run }
  | { readonly is: "exited"; readonly run: Run; readonly exit: VmExit };

/** How the parts speak to the actor. */
export interface ActorInbox {
  post(event: InstanceEvent): void;
  request(request: InstanceRequest): Promise<void>;
}

const UP: readonly InstanceState[] = ["starting", "running", "draining", "stopping"];

/** One instance and its VM, as the actor's parts see it. */
export class InstanceCore {
  readonly around: ActorSurroundings;
  readonly inbox: ActorInbox;
  run: Run | undefined;
  restartTimer: NodeJS.Timeout | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  #record: InstanceRecord;
  #released = false;

  constructor(record: InstanceRecord, around: ActorSurroundings, inbox: ActorInbox) {
    this.#record = record;
    this.around = around;
    this.inbox = inbox;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  get state(): InstanceState {
    return this.#record.status.state;
  }

  get isReleased(): boolean {
    return this.#released;
  }

  /** Milliseconds of all runs, the present one included. */
  get uptimeMs(): number {
    const { uptimeMs, startedAt } = this.#record.status;
    return UP.includes(this.state) && startedAt !== undefined ? uptimeMs + Date.now() - startedAt : uptimeMs;
  }

  get service(): ReturnType<ActorSurroundings["service"]> {
    return this.around.service(this.#record);
  }

  get rotation(): Rotation | undefined {
    return this.service?.rotation;
  }

  /** Who asked for the stop that is under way. */
  get asked(): StopAsked {
    const { stopAskedBy, stopForced } = this.#record.status;
    return { by: stopAskedBy, forced: stopForced };
  }

  publish(change: StatusChange): void {
    if (!this.#released) this.#record = this.around.publish(this.#record, change);
  }

  /** Gives the instance other volumes; the next VM gets them. */
  changeVolumes(volumes: readonly Attachment[]): void {
    if (this.#released) return;
    this.around.keepVolumes(this.#record.uuid, volumes);
    this.#record = { ...this.#record, volumes };
  }

  /** Puts the instance where its status says into its service's rotation. */
  rotate(): void {
    const { uuid, status } = this.#record;
    if (!status.deleting) this.rotation?.set(uuid, placeOf(status));
  }

  log(event: string, facts: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.around.log.write(event, { uuid: this.#record.uuid, name: this.#record.name, ...facts });
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  release(): void {
    this.#released = true;
    clearTimeout(this.restartTimer);
    clearTimeout(this.idleTimer);
    this.run?.over.abort();
    this.run?.phase.abort();
    this.run?.vm.release();
  }
}
