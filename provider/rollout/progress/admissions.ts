/** Which members get connections, as far as a rollout has reported or found. */
import type { AssessedMember } from "../members/assess";
import { type Member, isUp } from "../plan/member";

/** The members that get connections. */
export class Admissions {
  private readonly admitted = new Set<string>();
  private readonly settled = new Set<string>();

  /** True for a member that was ready when it was first observed, and was not changed since: there is nothing to say of it. */
  isSettled(uuid: string): boolean {
    return this.settled.has(uuid);
  }

  /** These members get connections from now on, and those none. */
  switch(admit: readonly string[], withdraw: readonly string[]): void {
    for (const uuid of withdraw) this.admitted.delete(uuid);
    for (const uuid of admit) this.admitted.add(uuid);
  }

  /** The member is told to stop or to start again. */
  change(uuid: string): void {
    this.admitted.delete(uuid);
    this.settled.delete(uuid);
  }

  /** True if the observation shows that a new member gets connections which had none before. */
  observe(member: Member, assessed: AssessedMember | undefined, isFirst: boolean): boolean {
    const { uuid, generation, inRotation } = member;
    const isServing = inRotation && assessed?.hasPassed === true && isUp(member);
    if (!isServing || this.admitted.has(uuid)) return false;
    this.admitted.add(uuid);
    if (isFirst) this.settled.add(uuid);
    return !isFirst && generation === "new";
  }
}
