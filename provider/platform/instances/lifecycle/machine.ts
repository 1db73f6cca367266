/** What the parts of an actor share: the record, the VM's present life, timers, and the platform around. */
import type { InstanceState } from "../../../contract/models";
import type { Rotation } from "../../proxy/rotation";
import type { Attachment, InstanceDefinition, InstanceRecord } from "../../store/instances";
import type { VmExit } from "../../vmm/vmm";
import type { InstanceRequest } from "./acceptRequest";
import { changed, type StatusChange } from "../statusChanges";
import type { Run } from "./vmSession";
import type { StopAsked } from "./stopReason";
import type { ActorSurroundings } from "../environment";
import { placeOf } from "./transitions";
import { Wakeups } from "../wakeups";

/** Something that happened to a VM. */
export type InstanceEvent =
  | { readonly is: "started" | "answered" | "drained" | "healthy"; readonly run: Run }
  | { readonly is: "exited"; readonly run: Run; readonly exit: VmExit };

/** How the parts speak to the actor. */
export interface ActorInbox {
  post(event: InstanceEvent): void;
  request(request: InstanceRequest): Promise<void>;
  /** True when a stop or delete was accepted and not yet begun. */
  endIsAsked(): boolean;
}

/** Pause before what failed, such as the write of a fact, is tried again. */
const AGAIN_MS = 1_000;

const UP: readonly InstanceState[] = ["starting", "running", "draining", "stopping"];

/** One instance and its VM, as the actor's parts see it. */
export class InstanceCore {
  readonly around: ActorSurroundings;
  readonly inbox: ActorInbox;
  readonly wakeups = new Wakeups();
  run: Run | undefined;
  restartTimer: NodeJS.Timeout | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** A start that waits for other instances; a stop or delete ends it. */
  waiting: AbortController | undefined;
  #writeTimer: NodeJS.Timeout | undefined;
  #againTimer: NodeJS.Timeout | undefined;
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

  /** True while the instance has a VM that is frozen. */
  get isFrozen(): boolean {
    return this.run !== undefined && (this.state === "standby" || this.state === "stopped");
  }

  /** Who asked for the stop that is under way. */
  get asked(): StopAsked {
    const { stopAskedBy, stopForced } = this.#record.status;
    return { by: stopAskedBy === "suspend" ? "user" : stopAskedBy, forced: stopForced };
  }

  /** An intention, or what somebody is told: it is written before it counts. Throws when it cannot be; nothing has changed then. */
  intend(change: StatusChange): void {
    if (this.#released) return;
    const after = changed(this.#record, change);
    this.around.keepStatus(after.uuid, after.status);
    this.#note(after);
  }

  /** A fact: it counts whether or not it can be written. A write that fails is logged and repeated until one succeeds. */
  publish(change: StatusChange): void {
    if (this.#released) return;
    this.#record = changed(this.#record, change);
    this.#writeFact();
  }

  #writeFact(): void {
    try {
      this.around.keepStatus(this.#record.uuid, this.#record.status);
      this.#note(this.#record);
    } catch (error) {
      this.log("instance.not-written", { reason: error instanceof Error ? error.message : String(error) });
      clearTimeout(this.#writeTimer);
      this.#writeTimer = setTimeout(() => this.#writeFact(), AGAIN_MS);
      this.around.announce();
    }
  }

  /** What is written is so. */
  #note(record: InstanceRecord): void {
    clearTimeout(this.#writeTimer);
    this.#record = record;
    this.around.announce();
  }

  /** Gives the instance another definition, which the next VM gets, and says what is left to change. Throws as {@link intend}. */
  redefine(definition: InstanceDefinition, change: StatusChange = {}): void {
    if (this.#released) return;
    const after = changed({ ...this.#record, definition }, change);
    this.around.keepDefinition(after.uuid, definition, after.status);
    this.#note(after);
  }

  /** Gives the instance other volumes, which the next VM gets, and says what is left to change. Throws as {@link intend}. */
  changeVolumes(volumes: readonly Attachment[], change: StatusChange = {}): void {
    if (this.#released) return;
    const after = changed({ ...this.#record, volumes }, change);
    this.around.keepVolumes(after.uuid, volumes, after.status);
    this.#note(after);
  }

  /** Takes the instance out of its service for good, and says what became of it. Throws as {@link intend}. */
  leaveService(change: StatusChange): void {
    if (this.#released) return;
    const { serviceUuid } = this.#record;
    const after = changed({ ...this.#record, serviceUuid: undefined }, change);
    this.around.keepWithoutService(after.uuid, after.status);
    this.#note(after);
    if (serviceUuid !== undefined) this.around.leftService(serviceUuid);
  }

  /** Puts the instance where its status says into its service's rotation. */
  rotate(): void {
    const { uuid, status } = this.#record;
    if (!status.deleting) this.rotation?.set(uuid, placeOf(status));
  }

  /** Tries something that failed once more after a pause; what is asked for last replaces what waits. */
  again(act: () => void): void {
    if (this.#released) return;
    clearTimeout(this.#againTimer);
    this.#againTimer = setTimeout(act, AGAIN_MS);
  }

  log(event: string, facts: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.around.log.write(event, { uuid: this.#record.uuid, name: this.#record.name, ...facts });
  }

  /** Lets go: the VM runs on and nothing is written any more. */
  release(): void {
    this.#released = true;
    clearTimeout(this.restartTimer);
    clearTimeout(this.idleTimer);
    clearTimeout(this.#writeTimer);
    clearTimeout(this.#againTimer);
    this.waiting?.abort();
    this.run?.over.abort();
    this.run?.phase.abort();
    this.run?.vm.release();
  }
}
