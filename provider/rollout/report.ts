/** Turns what a rollout observes and does into events. */
import type { AssessedMember } from "./members/assess";
import type { DrainingItem } from "./members/drainObserver";
import { Drains } from "./members/drains";
import type { EventFacts, RolloutEvent, RolloutPhase } from "./events";
import { type Member, type RolloutStep, isReady } from "./plan/member";
import { Admissions } from "./progress/admissions";
import { countReplicas, describeStability, describeStart } from "./progress/describe";
import { Pauses } from "./progress/pauses";
import type { Rollout } from "./rolloutRequest";

/** A member as an event names it. */
interface NamedMember {
  readonly name: string;
  readonly digest: string | undefined;
}

const DIGEST = /@(\w+:[0-9a-f]+)$/;

/** The digest in a reference to an image; `undefined` without one. */
export const digestOf = (image: unknown): string | undefined =>
  typeof image === "string" ? DIGEST.exec(image)?.[1] : undefined;

/** Events of a step that members take part in. */
const PHASE_OF_STEP: Readonly<Partial<Record<RolloutStep["action"], RolloutPhase>>> = {
  drain: "draining",
  forceStop: "draining",
  retire: "draining",
  remove: "removed",
  restart: "restarting",
};

/** What is waited for in these phases. */
const WAITS: Readonly<Partial<Record<Member["phase"], string>>> = {
  draining: "its open connections are finishing, or its guest is shutting down",
  stuck: "it has not stopped in time",
};

/** Reports one rollout and its rollback. Each event comes once, but `waiting` with each observation in which a member waits. */
export class RolloutReport {
  private readonly rollout: Rollout;
  private readonly beganMs: number;
  private readonly names = new Map<string, NamedMember>();
  private readonly phases = new Map<string, Member["phase"]>();
  private readonly drains = new Drains();
  private readonly admissions = new Admissions();
  private readonly pauses = new Pauses();
  private operation: RolloutEvent["operation"];
  private replicas: number;

  constructor(rollout: Rollout) {
    this.rollout = rollout;
    this.beganMs = rollout.clock.now();
    this.replicas = rollout.policy.desired;
  }

  /** Reports that the rollout begins, once. */
  start(members: readonly Member[]): void {
    if (this.operation !== undefined) return;
    const facts = describeStart(members, this.rollout.policy);
    this.operation = facts.operation;
    this.emit("started", undefined, facts);
  }

  /** True until there is something to do, or to wait for. A rollout that stays so reports nothing. */
  isQuiet(step: RolloutStep, assessed: readonly AssessedMember[]): boolean {
    if (this.operation !== undefined) return false;
    if (step.action === "done") return true;
    return step.action === "wait" && assessed.every(({ generation, hasPassed }) => generation === "new" && hasPassed);
  }

  /** Reports the end of a complete rollout. */
  done(ready: number): void {
    const { replicas } = this;
    if (this.operation !== undefined)
      this.emit("done", undefined, { ready, replicas, detail: `${ready} of ${replicas} ready` });
  }

  /** Reports that a rollback to this number of members begins. */
  rollingBack(replicas: number): void {
    this.replicas = replicas;
    this.pauses.cancel();
    this.emit("rollingBack", undefined, { replicas, detail: `to ${countReplicas(replicas)}` });
  }

  /** Reports an event of a member, or of the rollout as a whole. */
  emit(phase: RolloutPhase, uuid?: string, facts: EventFacts = {}): void {
    const elapsedMs = this.rollout.clock.now() - this.beganMs;
    const member = uuid === undefined ? undefined : (this.names.get(uuid) ?? { name: uuid, digest: undefined });
    const event: RolloutEvent = {
      phase,
      ...(member === undefined ? { operation: this.operation ?? "rollout" } : { member: member.name }),
      ...(member?.digest === undefined ? {} : { digest: member.digest }),
      ...facts,
      elapsedMs,
    };
    this.rollout.onEvent?.(event);
  }

  /** Remembers how to name a member. */
  know(uuid: string, name: string, image: unknown): void {
    this.names.set(uuid, { name, digest: digestOf(image) ?? this.names.get(uuid)?.digest });
  }

  /** Reports a member that was launched. */
  launched(uuid: string): void {
    this.phases.set(uuid, "starting");
    this.emit("launched", uuid);
  }

  /** Reports members that get connections from now on; the others get none. */
  switched(admit: readonly string[], withdraw: readonly string[]): void {
    this.admissions.switch(admit, withdraw);
    for (const uuid of admit) this.emit("admitted", uuid);
  }

  /** Counts what becomes of the connections of members that were told to stop; `items` are those of the response. */
  drainBegan(items: readonly DrainingItem[]): void {
    this.drains.begin(this.rollout, items, this.rollout.policy.drainTimeoutMs);
  }

  /** Ends the counting, for a rollout that ends during a drain. */
  async close(): Promise<void> {
    await this.drains.close();
  }

  private async drained(uuid: string): Promise<void> {
    const detail = await this.drains.end(uuid);
    this.emit("drained", uuid, detail === undefined ? {} : { detail });
  }

  /** Reports what changed since the last observation. */
  async observe(members: readonly Member[], assessed: readonly AssessedMember[]): Promise<void> {
    const found = new Map(assessed.map((one) => [one.uuid, one]));
    for (const member of members) {
      const { uuid, phase, generation } = member;
      const before = this.phases.get(uuid);
      this.phases.set(uuid, phase);
      if (before !== undefined && phase === "down" && (before === "draining" || before === "stuck"))
        await this.drained(uuid);
      if (this.admissions.observe(member, found.get(uuid), before === undefined))
        this.emit("admitted", uuid, isReady(member) ? {} : describeStability(this.rollout.policy));
      if (generation !== "new" || before === phase) continue;
      if (isReady(member) && before !== "ready" && before !== "asleep" && before !== undefined)
        this.emitReady(uuid, members.filter((one) => one.generation === "new" && isReady(one)).length);
      if (phase === "failed") this.emit("failed", uuid, { detail: found.get(uuid)?.reason ?? "" });
    }
    for (const { uuid, phase } of members) {
      const { reason = "", attempts } = found.get(uuid) ?? {};
      const detail = WAITS[phase] ?? reason;
      if (detail === "" || this.admissions.isSettled(uuid)) continue;
      if (phase === "starting") this.emit("waiting", uuid, { ...(attempts === undefined ? {} : { attempts }), detail });
      else if (phase in WAITS) this.emit("waiting", uuid, { detail });
    }
  }

  private emitReady(uuid: string, ready: number): void {
    const { replicas } = this;
    if (!this.admissions.isSettled(uuid))
      this.emit("ready", uuid, { ready, replicas, detail: `${ready} of ${replicas}` });
  }

  /**
   * Reports a step that begins.
   *
   * @param nowMs the time that the plan was given
   */
  step(step: RolloutStep, nowMs: number): void {
    const phase = PHASE_OF_STEP[step.action];
    if (phase !== undefined && "uuids" in step)
      for (const uuid of step.uuids) {
        this.admissions.change(uuid);
        if (phase === "restarting") this.phases.set(uuid, "starting");
        this.emit(phase, uuid);
      }
    for (const [pausePhase, facts] of this.pauses.next(step, this.rollout.policy, nowMs))
      this.emit(pausePhase, undefined, facts);
  }
}
