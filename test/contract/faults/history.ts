/** One user with one resource on a bad day: up, refresh, up with a change, refresh, destroy, over a connection that fails at random. */
import { type Client, createClient } from "../../../provider/api/client";
import { createReader } from "../../../provider/api/reader";
import type { Clock } from "../../../provider/base/clock";
import { UnikernelError } from "../../../provider/base/errors";
import { PartialFailure } from "../../../provider/definition/partial";
import { type Kind, resourceOf } from "../../../provider/resources/all";
import type { ProviderContext } from "../../../provider/resources/context";

type Properties = Readonly<Record<string, unknown>>;

/** What is asked for, before and after the change, and where the server says what it has. */
export interface Subject {
  readonly kind: Kind;
  readonly before: Properties;
  readonly after: Properties;
  /** Path of the API's listing. */
  readonly path: string;
  /** From an item of the API to what was asked for in {@link before} and {@link after}. */
  readonly asked: (item: Properties) => Properties;
}

/** The API as it is, without faults. */
export interface Truth {
  /** Existing objects of these names. */
  find(path: string, names: readonly string[]): Promise<readonly Properties[]>;
  remove(path: string, name: string): Promise<void>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

/** What went wrong; all zero is what this is about. */
export interface Counts {
  creates: number;
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
  /** The state says that it is done, and the server has something else. */
  untrue: number;
}

/** Pauses take a tenth of their time, and no pause long. */
const hasty: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms / 10, 20))),
};

/** No answer takes longer on purpose than this. */
const ATTEMPT_TIMEOUT_MS = 300;
const UPS = 4;

function contextOf(url: string, token: string): ProviderContext {
  const client: Client = createClient({
    metro: "faulty",
    endpoint: () => Promise.resolve({ url, token }),
    clock: hasty,
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
  });
  const timeouts = { createMs: 60_000, updateMs: 60_000, deleteMs: 60_000 };
  const reader = createReader(client);
  return { client, reader, clock: hasty, metro: "faulty", signal: undefined, timeouts, imageLayout: "" };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What the engine keeps of a resource. */
interface State {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** Runs one history. `newName` gives the name that check would choose; a fixed one is always the same. */
export class History {
  readonly #context: ProviderContext;
  readonly #subject: Subject;
  readonly #truth: Truth;
  readonly #counts: Counts;
  readonly #newName: () => string;
  /** Names that were sent. */
  readonly #names: string[] = [];
  /** Names of what may exist, as errors said. */
  readonly #reported = new Set<string>();
  #state: State | undefined;

  constructor(
    at: { url: string; token: string },
    subject: Subject,
    truth: Truth,
    counts: Counts,
    newName: () => string,
  ) {
    this.#context = contextOf(at.url, at.token);
    this.#subject = subject;
    this.#truth = truth;
    this.#counts = counts;
    this.#newName = newName;
  }

  /** @param calm called before the last destroy: from then on nothing fails */
  async run(calm: () => void): Promise<void> {
    for (const wanted of [this.#subject.before, this.#subject.after]) {
      for (let ups = 0; ups < UPS && !(await this.#up(wanted)); ups++);
      await this.#refresh();
    }
    await this.#destroy();
    calm();
    await this.#destroy();
    await this.#truth.settled();
    const left = await this.#existing();
    this.#counts.leaks += left.filter(({ name }) => !this.#reported.has(String(name))).length;
    this.#counts.reported += left.length;
    for (const { name } of left) await this.#truth.remove(this.#subject.path, String(name));
  }

  #existing = () =>
    this.#names.length === 0 ? Promise.resolve([]) : this.#truth.find(this.#subject.path, this.#names);

  /** Judges what is there against what the engine knows. */
  async #judge(): Promise<void> {
    const existing = await this.#existing();
    const unknown = existing.filter(({ uuid, name }) => uuid !== this.#state?.id && !this.#reported.has(String(name)));
    this.#counts.lost += unknown.length;
    this.#counts.duplicates += Math.max(0, existing.filter(({ name }) => !this.#reported.has(String(name))).length - 1);
  }

  #failed(error: unknown, name: string): void {
    this.#counts.failures++;
    if (!(error instanceof PartialFailure) && !UnikernelError.is(error)) throw error;
    if (error instanceof PartialFailure) {
      const inputs = this.#state?.inputs ?? this.#inputs(name, this.#subject.before);
      this.#state = { id: error.id, inputs: { ...inputs, ...error.outputs }, outputs: error.outputs };
    } else if (error.details["mayHaveActed"] === true && error.details["resource"] === name) {
      this.#reported.add(name);
    }
  }

  #inputs = (name: string, wanted: Properties): Properties =>
    resourceOf(this.#subject.kind).inputs.parse({ name, ...wanted }) as Properties;

  /** One `pulumi up`; true when it succeeded. */
  async #up(wanted: Properties): Promise<boolean> {
    const resource = resourceOf(this.#subject.kind);
    const name = String(this.#state?.inputs["name"] ?? this.#newName());
    const news = this.#inputs(name, wanted);
    let isDone = true;
    try {
      if (this.#state === undefined) {
        if (!this.#names.includes(name)) this.#names.push(name);
        this.#counts.creates++;
        const { id, outputs } = await resource.create(this.#context, news as never);
        this.#state = { id, inputs: news, outputs: outputs as Properties };
        this.#reported.delete(name);
      } else {
        this.#counts.updates++;
        const olds = { inputs: this.#state.inputs, outputs: this.#state.outputs };
        const outputs = await resource.update(this.#context, this.#state.id, olds as never, news as never);
        this.#state = { ...this.#state, inputs: news, outputs: outputs as Properties };
      }
    } catch (error) {
      isDone = false;
      this.#failed(error, name);
      // Told that the name is taken by what an error spoke of, a user imports it.
      if (UnikernelError.has(error, "ALREADY_EXISTS") && this.#reported.delete(name)) {
        const [found] = await this.#existing();
        if (found !== undefined) this.#state = { id: String(found["uuid"]), inputs: news, outputs: {} };
      }
    }
    await this.#judge();
    if (isDone) {
      const item = (await this.#existing()).find(({ uuid }) => uuid === this.#state?.id);
      if (item === undefined || !isSame(this.#subject.asked(item), wanted)) this.#counts.untrue++;
    }
    return isDone;
  }

  async #refresh(): Promise<void> {
    if (this.#state === undefined) return;
    const { id, inputs } = this.#state;
    try {
      const seen = await resourceOf(this.#subject.kind).read(this.#context, id, inputs as never);
      this.#state = seen === undefined ? undefined : { id, inputs: seen.inputs, outputs: seen.outputs as Properties };
    } catch (error) {
      this.#failed(error, "");
    }
    await this.#judge();
  }

  async #destroy(): Promise<void> {
    if (this.#state === undefined) return;
    const { id, inputs, outputs } = this.#state;
    this.#counts.deletes++;
    try {
      await resourceOf(this.#subject.kind).delete(this.#context, id, { inputs, outputs } as never);
      this.#state = undefined;
    } catch (error) {
      this.#failed(error, "");
    }
    await this.#judge();
  }
}
