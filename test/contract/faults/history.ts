/** One user with one resource over a connection that fails at random: up, refresh, up with a change, refresh, destroy. */
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

/** Counts of what happened and what went wrong; the tests require zero from `reported` on. */
export interface Counts {
  creates: number;
  reads: number;
  updates: number;
  deletes: number;
  failures: number;
  /** Errors that reported a possible object which did exist. */
  reported: number;
  /** Exists but is not in the state, and no error mentioned it. */
  lost: number;
  duplicates: number;
  /** Left after destroy. */
  leaks: number;
  /** A command succeeded, but the server has something else. */
  untrue: number;
}

/** All counts zero. */
export const noCounts = (): Counts => ({
  ...{ creates: 0, reads: 0, updates: 0, deletes: 0, failures: 0 },
  ...{ reported: 0, lost: 0, duplicates: 0, leaks: 0, untrue: 0 },
});

/** Sleeps take a tenth of their time, up to a limit. */
const fastClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms / 10, 20))),
};

/** Upper limit of a deliberately slow response. */
const ATTEMPT_TIMEOUT_MS = 600;
/** Attempts of the user for each command. */
const UPS = 4;
/** Share of failures after which the user refreshes before the next attempt. */
const REFRESH_RATE = 0.3;

function contextOf(url: string, token: string): ProviderContext {
  const client = createClient({
    metro: "faulty",
    endpoint: () => Promise.resolve({ url, token }),
    clock: fastClock,
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
  });
  const timeouts = { createMs: 60_000, updateMs: 60_000, deleteMs: 60_000 };
  const reader = createObjectReader(client);
  return {
    client,
    reader,
    clock: fastClock,
    metro: "faulty",
    signal: new AbortController().signal,
    createTimeout: timeoutSignal,
    timeouts,
    imageLayout: "",
    readImageLabels: () => Promise.resolve(undefined),
    readGuestImage: () => Promise.resolve(undefined),
    printProgress: () => undefined,
    printWarning: () => undefined,
    clearing: { form: "set" },
  };
}

/** The environment of a history. */
export interface Scene {
  readonly url: string;
  /** Prefix of all names of this history, and of no other's. */
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
  /** Names in requests. */
  readonly #names = new Set<string>();
  /** Names of objects that may exist according to errors. */
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

  /** @param calm called before the last destroy: nothing fails afterwards */
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
    await truth.settled(this.#scene.token);
    const left = await this.#existing();
    this.counts.leaks += left.filter(({ name }) => !this.#reported.has(String(name))).length;
    this.counts.reported += left.length;
    for (const { name } of left) await truth.remove(this.#subject.path, String(name));
    await this.#removeReplicas();
  }

  /** Replicas have their own names with the service's name as prefix; none may be left. */
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

  /** Runs a command and checks what exists afterwards; true if it succeeded. */
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
    // If an error said that the name is taken by the object it mentioned, the user adopts that.
    if (error.code === "ALREADY_EXISTS" && this.#reported.has(name)) this.#adopts = true;
  }

  /** One `pulumi up`; true if it succeeded. */
  async #up({ asks, shows }: Version): Promise<boolean> {
    const isDone = await this.#command(() => this.#stack.up(this.#adopts ? { ...asks, adopt: true } : asks));
    if (!isDone) return false;
    // No client can know what a request does that is still on its way when the command ends.
    if (await this.#scene.truth.settled(this.#scene.token)) return true;
    const item = (await this.#existing()).find(({ uuid }) => uuid === this.#stack.id);
    this.#reported.delete(String(item?.["name"]));
    const shown = item === undefined ? undefined : await this.#subject.shown(item, this.#scene.truth);
    if (!isDeepStrictEqual(shown, shows)) this.counts.untrue++;
    return true;
  }
}
