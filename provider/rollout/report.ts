/** Turns what a rollout observes and does into events. */
import type { AssessedMember } from "./assess";
import { describeDrain } from "./members/drainCounts";
import { type DrainObserver, type DrainingItem, observeDrain } from "./members/drainObserver";
import type { RolloutEvent, RolloutPhase } from "./events";
import { type Member, type RolloutStep, isReady } from "./plan/member";
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

/** Reports one rollout. Each event comes once, but `gate` with each observation in which a member waits. */
export class RolloutReport {
  private readonly rollout: Rollout;
  private readonly beganMs: number;
  private readonly names = new Map<string, NamedMember>();
  private readonly phases = new Map<string, Member["phase"]>();
  private readonly drains = new Map<string, DrainObserver>();
  private paused = "";

  constructor(rollout: Rollout) {
    this.rollout = rollout;
    this.beganMs = rollout.clock.now();
    const { desired, strategy } = rollout.policy;
    this.emit("started", undefined, `${strategy}, to ${desired} ${desired === 1 ? "member" : "members"}`);
  }

  /** Reports an event of a member, or of the rollout as a whole. */
  emit(phase: RolloutPhase, uuid?: string, detail?: string): void {
    const elapsedMs = this.rollout.clock.now() - this.beganMs;
    const member = uuid === undefined ? undefined : (this.names.get(uuid) ?? { name: uuid, digest: undefined });
    const event: RolloutEvent = {
      phase,
      ...(member === undefined ? {} : { member: member.name }),
      ...(member?.digest === undefined ? {} : { digest: member.digest }),
      ...(detail === undefined ? {} : { detail }),
      elapsedMs,
    };
    this.rollout.onEvent?.(event);
  }

  /** Remembers how to name a member. */
  know(uuid: string, name: string, image: unknown): void {
    this.names.set(uuid, { name, digest: digestOf(image) ?? this.names.get(uuid)?.digest });
  }

  /** Counts what becomes of the connections of members that were told to stop; `items` are those of the response. */
  drainBegan(items: readonly DrainingItem[]): void {
    const { policy } = this.rollout;
    for (const item of items) this.drains.set(item.uuid, observeDrain(this.rollout, item, policy.drainTimeoutMs));
  }

  /** Ends the counting, for a rollout that ends during a drain. */
  async close(): Promise<void> {
    await Promise.all([...this.drains.values()].map((observer) => observer.counts()));
  }

  private async drained(uuid: string): Promise<void> {
    const counts = await this.drains.get(uuid)?.counts();
    this.drains.delete(uuid);
    this.emit("drained", uuid, counts && describeDrain(counts));
  }

  /** Reports what changed since the last observation. */
  async observe(members: readonly Member[], assessed: readonly AssessedMember[]): Promise<void> {
    for (const member of members) {
      const { uuid, phase, generation } = member;
      const before = this.phases.get(uuid);
      this.phases.set(uuid, phase);
      if (before !== undefined && phase === "down" && (before === "draining" || before === "stuck"))
        await this.drained(uuid);
      if (generation !== "new" || before === phase) continue;
      if (isReady(member) && before !== "ready" && before !== "asleep" && before !== undefined)
        this.emit("ready", uuid);
      if (phase === "failed") this.emit("failed", uuid, this.reasonOf(uuid, assessed));
    }
    for (const { uuid, phase } of members) {
      const reason = WAITS[phase] ?? this.reasonOf(uuid, assessed);
      if (reason !== "" && (phase === "starting" || phase in WAITS)) this.emit("gate", uuid, reason);
    }
  }

  /** Reports a step that begins. */
  step(step: RolloutStep): void {
    const phase = PHASE_OF_STEP[step.action];
    if (phase !== undefined && "uuids" in step) for (const uuid of step.uuids) this.emit(phase, uuid);
    if (step.action !== "pause") return;
    const { count, untilMs } = step;
    if (this.paused === `${count} ${untilMs}`) return;
    this.paused = `${count} ${untilMs}`;
    const seconds = (untilMs - this.rollout.clock.now()) / 1000;
    this.emit("paused", undefined, `${count} new ${count === 1 ? "member" : "members"}, for ${seconds} s`);
  }

  private reasonOf(uuid: string, assessed: readonly AssessedMember[]): string {
    return assessed.find((one) => one.uuid === uuid)?.reason ?? "";
  }
}
