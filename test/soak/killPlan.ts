/** Which operations are killed, when, and what dies: a list that a seed reproduces. Pure. */
import { type RandomSource, seededRandom, shuffled } from "../support/seededRandom";

/** What the engine does when it is killed. `roll`: a changed template of a service with two replicas. */
export const OPERATIONS = ["create", "update", "roll", "replace", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The four boundaries of a request and its checkpoint. */
export const BOUNDARIES = [
  /** The platform never sees the request. */
  "before a request",
  /** The platform has acted, and the response is lost. */
  "after a request",
  /** The provider has the response. */
  "after the reply",
  /** The provider has nothing left to send, and the engine has not written the result to the state. */
  "before the checkpoint",
] as const;

/** All moments: the boundaries, while the provider waits for an instance, and any time between the first and the last request. */
export const MOMENTS = [...BOUNDARIES, "during a wait", "at any time"] as const;
export type Moment = (typeof MOMENTS)[number];

/** The processes that get SIGKILL. */
export type Victims = "engine" | "engine and provider";

/** One kill. */
export interface Kill {
  /** Position in its plan, from 0. */
  readonly index: number;
  readonly operation: Operation;
  readonly moment: Moment;
  readonly victims: Victims;
  /** Seed of everything else that is random in it. */
  readonly seed: number;
}

/** Kills that cover every operation at every moment equally often, in random order, every other one with the provider. */
export function planKills(seed: number, count: number, moments: readonly Moment[]): readonly Kill[] {
  const random = seededRandom(seed);
  const pairs = OPERATIONS.flatMap((operation) => moments.map((moment) => ({ operation, moment })));
  const kills: Kill[] = [];
  for (let round = 0; kills.length < count; round++) {
    for (const pair of shuffled(pairs, random)) {
      const isOdd = (pairs.indexOf(pair) + round) % 2 === 1;
      kills.push({
        ...pair,
        index: kills.length,
        victims: isOdd ? "engine and provider" : "engine",
        seed: randomSeed(random),
      });
    }
  }
  return kills.slice(0, count);
}

const randomSeed = (random: RandomSource): number => Math.floor(random() * 2 ** 31);
