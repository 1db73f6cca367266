/** A simulated service: members that start, sleep, crash and drain by chance, and listings that lag behind. For the model check of rollouts. */
import type { MemberPhase, RolloutStep } from "../../provider/rollout/plan/member";
import type { IssuedRequests, ObservedMember } from "../../provider/rollout/plan/issued";
import type { RandomSource } from "./seededRandom";

/** Milliseconds per tick. */
export const TICK_MS = 100;
/** Ticks after which a rollout calls a member late, and after which one that drains is stuck. */
export const LATE_TICKS = 60;
const STUCK_TICKS = 40;

/** A member as it is. */
export interface TrueMember {
  readonly uuid: string;
  generation: "old" | "new" | "retired";
  phase: Exclude<MemberPhase, "failed" | "stuck">;
  inRotation: boolean;
  starts: number;
  restarts: number;
  /** Ticks since `phase` changed. */
  age: number;
  /** What it becomes after `delay` ticks of starting or draining. */
  next: "ready" | "down" | "never";
  delay: number;
  /** It starts because a connection woke it, and that waits. */
  isWaking: boolean;
}

/** How likely each event of a tick is. */
export interface Chances {
  readonly crash: number;
  readonly badStart: number;
  readonly sleep: number;
  readonly kill: number;
  /** Of a member that is told to stop: that it never does by itself. */
  readonly hang: number;
  readonly maxStartTicks: number;
  readonly maxDrainTicks: number;
  readonly maxLag: number;
}

/** A client is served at once, or by a member that wakes for it. */
export const serves = (one: TrueMember): boolean =>
  one.inRotation && (one.phase === "ready" || one.phase === "asleep" || (one.phase === "starting" && one.isWaking));

/** The service; see the top of the file. */
export class RolloutWorld {
  members: TrueMember[] = [];
  tick = 0;
  /** Members that crashed, or were broken from the start: what the floor is excused by. */
  crashes = 0;
  crashesLeft: number;
  private listings: { readonly tick: number; readonly members: readonly TrueMember[] }[] = [];
  private lastListed = 0;
  private count = 0;

  readonly chances: Chances;
  private readonly random: RandomSource;

  constructor(chances: Chances, random: RandomSource) {
    this.chances = chances;
    this.random = random;
    this.crashesLeft = chances.crash > 0 ? 3 : 0;
  }

  below = (limit: number): number => Math.floor(this.random() * limit);
  happens = (chance: number): boolean => chance > 0 && this.random() < chance;

  add(fields: Partial<TrueMember>): TrueMember {
    const member: TrueMember = {
      uuid: `m${++this.count}`,
      generation: "old",
      phase: "ready",
      inRotation: true,
      starts: 1,
      restarts: 0,
      age: 0,
      next: "ready",
      delay: 0,
      isWaking: false,
      ...fields,
    };
    this.members.push(member);
    return member;
  }

  find = (uuid: string): TrueMember | undefined => this.members.find((one) => one.uuid === uuid);

  enter(member: TrueMember, phase: TrueMember["phase"]): void {
    Object.assign(member, { phase, age: 0, isWaking: false });
    const hangs = this.happens(this.chances.hang);
    if (phase === "draining")
      Object.assign(member, { delay: hangs ? Infinity : this.below(this.chances.maxDrainTicks), next: "down" });
    if (phase === "starting")
      Object.assign(member, { delay: 1 + this.below(this.chances.maxStartTicks), next: "ready" });
  }

  /** Starts a member; it may fail as chance decides. */
  start(member: TrueMember, mayFail: boolean): void {
    member.starts += 1;
    this.enter(member, "starting");
    if (mayFail && this.happens(this.chances.badStart)) member.next = this.happens(0.5) ? "down" : "never";
  }

  /** One tick of every member. */
  advance(): void {
    this.tick += 1;
    for (const member of this.members) {
      member.age += 1;
      if (member.phase === "draining" && member.age > member.delay) this.enter(member, "down");
      else if (member.phase === "starting" && member.age > member.delay && member.next !== "never")
        this.enter(member, member.next);
      else if (member.phase === "ready" || member.phase === "asleep") this.disturb(member);
    }
    this.listings.push({ tick: this.tick, members: this.members.map((member) => ({ ...member })) });
    if (this.listings.length > 12) this.listings.shift();
  }

  private disturb(member: TrueMember): void {
    if (this.crashesLeft > 0 && this.happens(this.chances.crash)) {
      this.crashesLeft -= 1;
      this.crashes += 1;
      if (this.happens(0.5)) this.enter(member, "down");
      else {
        member.restarts += 1;
        this.start(member, false);
      }
    } else if (this.happens(this.chances.sleep)) {
      if (member.phase === "ready") this.enter(member, "asleep");
      else {
        this.enter(member, "starting");
        member.isWaking = true;
      }
    }
  }

  /** A listing that is up to `maxLag` ticks old, and never older than the one before. */
  observe(issued: IssuedRequests): readonly ObservedMember[] {
    const oldest = Math.max(this.lastListed, this.tick - this.below(this.chances.maxLag + 1));
    const listing = this.listings.find(({ tick }) => tick >= oldest) ?? { tick: this.tick, members: this.members };
    this.lastListed = listing.tick;
    return listing.members.map((one) => {
      const phase = observedPhase(one, issued);
      // A new member of an earlier rollout that does not work is replaced like an old one.
      const generation = one.generation === "new" && phase === "unready" ? "old" : one.generation;
      const { uuid, inRotation, starts, restarts } = one;
      return { uuid, generation, phase, inRotation, starts, restarts };
    });
  }

  /** From now on listings show at least what is now. */
  catchUp(): void {
    this.lastListed = this.tick;
    this.listings = [{ tick: this.tick, members: this.members.map((member) => ({ ...member })) }];
  }

  /** Does what a step asks for; a rollout that is killed meanwhile does a part of it. Returns the uuids of new members. */
  act(step: RolloutStep, isKilled: boolean, mayFail: boolean): readonly string[] {
    const part = <T>(all: readonly T[]): readonly T[] => (isKilled ? all.slice(0, this.below(all.length + 1)) : all);
    const each = (uuids: readonly string[], change: (member: TrueMember) => void) => {
      for (const uuid of part(uuids)) {
        const member = this.find(uuid);
        if (member !== undefined) change(member);
      }
    };
    switch (step.action) {
      case "launch":
        return part(Array.from({ length: step.count })).map(() => {
          const member = this.add({
            generation: "new",
            phase: "starting",
            inRotation: step.rotation === "in",
            starts: 0,
          });
          this.start(member, mayFail);
          return member.uuid;
        });
      case "switch":
        for (const uuid of step.admit) Object.assign(this.find(uuid) ?? {}, { inRotation: true });
        for (const uuid of step.withdraw) Object.assign(this.find(uuid) ?? {}, { inRotation: false });
        return [];
      case "drain":
        each(step.uuids, (member) => member.phase !== "down" && this.enter(member, "draining"));
        return [];
      case "forceStop":
        each(step.uuids, (member) => this.enter(member, "down"));
        return [];
      case "retire":
        each(step.uuids, (member) => {
          if (member.phase !== "down") this.enter(member, "draining");
          if (!isKilled || this.happens(0.5)) member.generation = "retired";
        });
        return [];
      case "remove":
        each(step.uuids, (member) => this.members.splice(this.members.indexOf(member), 1));
        return [];
      case "restart":
        each(step.uuids, (member) => {
          member.generation = "new";
          if (!isKilled || this.happens(0.5)) this.start(member, mayFail);
        });
        return [];
      default:
        return [];
    }
  }
}

/** As the assessment of a rollout has it: late and stuck members are told by time. */
function observedPhase({ uuid, generation, phase, age, next }: TrueMember, issued: IssuedRequests): MemberPhase {
  if (phase === "draining" && age > STUCK_TICKS) return "stuck";
  if (phase !== "starting") return phase;
  const isHere = issued.launched.has(uuid) || issued.restarted.has(uuid);
  if (age > LATE_TICKS) return generation === "new" && isHere ? "failed" : "unready";
  return generation === "old" && next === "never" && age > LATE_TICKS / 4 ? "unready" : "starting";
}
