/** One user with one resource on a bad day: up, refresh, up with a change, refresh, destroy, over a connection that fails at random. */
import { timeoutSignal } from "../../../provider/base/timeout";
import { isDeepStrictEqual } from "node:util";
import { createClient } from "../../../provider/client/client";
import { createObjectReader } from "../../../provider/client/objectReader";
import type { Clock } from "../../../provider/base/clock";
import { UnikernelError } from "../../../provider/base/errors";
import type { Properties } from "../../../provider/definition/resource";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../provider/resources/context";
import { type Call, type Naming, Stack } from "./stack";
import type { Subject, Truth, Version } from "./subjects";

/** What happened, and what went wrong; all zero from `reported` on is what this is about. */
export interface Counts {
  creates: number;
  reads: number;
  updates: number;
  deletes: number;
  failures: number;
  /** Errors that said that something may exist, and something did. */
  reported: number;
  /** Exists and is in no state, and no error said so. */
  lost: number;
  duplicates: number;
  /** Left after destroy. */
  leaks: number;
  /** A command said that it is done, and the server has something else. */
  untrue: number;
}

/** Nothing happened yet. */
export const noCounts = (): Counts => ({
  ...{ creates: 0, reads: 0, updates: 0, deletes: 0, failures: 0 },
  ...{ reported: 0, lost: 0, duplicates: 0, leaks: 0, untrue: 0 },
});

/** Pauses take a tenth of their time, and no pause long. */
const hasty: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms / 10, 20))),
};

/** No answer takes longer on purpose than this. */
const ATTEMPT_TIMEOUT_MS = 600;
/** So often a user tries. */
const UPS = 4;
/** So many of a hundred failures make a user refresh before trying again. */
const REFRESH_RATE = 0.3;

function contextOf(url: string, token: string): ProviderContext {
  const client = createClient({
    metro: "faulty",
    endpoint: () => Promise.resolve({ url, token }),
    clock: hasty,
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
  });
  const timeouts = { createMs: 60_000, updateMs: 60_000, deleteMs: 60_000 };
  const reader = createObjectReader(client);
  return {
    client,
    reader,
    clock: hasty,
    metro: "faulty",
    signal: new AbortController().signal,
    createTimeout: timeoutSignal,
    timeouts,
    imageLayout: "",
    printProgress: () => undefined,
  };
}

/** Where a history takes place. */
export interface Scene {
  readonly url: string;
  /** Begins the names of all that is made, and is no other history's beginning. */
  readonly token: string;
  readonly truth: Truth;
  readonly random: () => number;
}

const COUNTED = { create: "creates", read: "reads", update: "updates", delete: "deletes" } as const;

/** Runs one history. */
export class History {
  readonly counts = noCounts();
  readonly #subject: Subject;
  readonly #scene: Scene;
  readonly #stack: Stack;
  /** Names that were sent. */
  readonly #names = new Set<string>();
  /** Names of what may exist, as errors said. */
  readonly #reported = new Set<string>();
  #lastCall: { readonly call: Call; readonly name: string } = { call: "read", name: "" };
  #adopts = false;

  constructor(subject: Subject, scene: Scene) {
    this.#subject = subject;
    this.#scene = scene;
    const { url, token, random } = scene;
    const isFixed = random() < 0.5;
    let names = 0;
    const naming: Naming = { isFixed, next: () => `${token}-${isFixed ? "fixed" : ++names}` };
    this.#stack = new Stack(subject.kind, contextOf(url, token), naming, (call, name) => {
      this.#lastCall = { call, name };
      this.counts[COUNTED[call]]++;
      if (call === "create") this.#names.add(name);
    });
  }

  /** @param calm called before the last destroy: from then on nothing fails */
  async run(calm: () => void): Promise<void> {
    const { truth, random } = this.#scene;
    for (const version of this.#subject.versions) {
      for (let ups = 0; ups < UPS && !(await this.#up(version)); ups++) {
        if (random() < REFRESH_RATE) await this.#command(() => this.#stack.refresh());
      }
      await this.#command(() => this.#stack.refresh());
    }
    await this.#command(() => this.#stack.destroy());
    calm();
    await this.#command(() => this.#stack.destroy());
    await truth.settled();
    const left = await this.#existing();
    this.counts.leaks += left.filter(({ name }) => !this.#reported.has(String(name))).length;
    this.counts.reported += left.length;
    for (const { name } of left) await truth.remove(this.#subject.path, String(name));
    await this.#removeReplicas();
  }

  /** Replicas have names of their own, which begin with that of their service; none is left on purpose. */
  async #removeReplicas(): Promise<void> {
    const { truth, token } = this.#scene;
    for (const name of await truth.instances()) {
      if (!name.startsWith(`${token}-`)) continue;
      this.counts.leaks++;
      await truth.remove("/v1/instances", name);
    }
  }

  #existing = (): Promise<readonly Properties[]> =>
    this.#names.size === 0 ? Promise.resolve([]) : this.#scene.truth.find(this.#subject.path, "name", [...this.#names]);

  /** Runs a command and judges what is there then; true when it succeeded. */
  async #command(run: () => Promise<void>): Promise<boolean> {
    const isDone = await run().then(
      () => true,
      (error: unknown) => {
        this.#failed(error);
        return false;
      },
    );
    const unexplained = (await this.#existing()).filter(({ name }) => !this.#reported.has(String(name)));
    const known = this.#stack.ids;
    this.counts.lost += unexplained.filter(({ uuid }) => !known.includes(String(uuid))).length;
    this.counts.duplicates += Math.max(0, unexplained.length - Math.max(1, known.length));
    return isDone;
  }

  #failed(error: unknown): void {
    this.counts.failures++;
    if (error instanceof ResourceInitFailedError) return;
    if (!UnikernelError.is(error)) throw error;
    const { call, name } = this.#lastCall;
    if (call !== "create") return;
    if (error.details["mayHaveActed"] === true && error.details["resource"] === name) this.#reported.add(name);
    // Told that the name is taken by what an error spoke of, a user takes that over.
    if (error.code === "ALREADY_EXISTS" && this.#reported.has(name)) this.#adopts = true;
  }

  /** One `pulumi up`; true when it succeeded. */
  async #up({ asks, shows }: Version): Promise<boolean> {
    const isDone = await this.#command(() => this.#stack.up(this.#adopts ? { ...asks, adopt: true } : asks));
    if (!isDone) return false;
    const item = (await this.#existing()).find(({ uuid }) => uuid === this.#stack.id);
    this.#reported.delete(String(item?.["name"]));
    const shown = item === undefined ? undefined : await this.#subject.shown(item, this.#scene.truth);
    if (!isDeepStrictEqual(shown, shows)) this.counts.untrue++;
    return true;
  }
}
