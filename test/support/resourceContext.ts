/** The context of resource functions in unit tests. */
import type { Client } from "../../provider/client/client";
import { createObjectReader } from "../../provider/client/objectReader";
import type { Clock } from "../../provider/base/clock";
import { timeoutError } from "../../provider/base/timeout";
import type { ProviderContext } from "../../provider/resources/context";

/** Signals that abort by a test's clock: a sleep past their timeout aborts them. */
export class FakeTimeouts {
  readonly #clock: Clock;
  readonly #timers: { readonly atMs: number; readonly abort: () => void }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly create = (ms: number, attempted: string): AbortSignal => {
    const controller = new AbortController();
    this.#timers.push({ atMs: this.#clock.now() + ms, abort: () => controller.abort(timeoutError(ms, attempted)) });
    return controller.signal;
  };

  /** The clock, whose sleeps end these signals. */
  get clock(): Clock {
    return {
      now: () => this.#clock.now(),
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        await this.#clock.sleep(ms, signal);
        const now = this.#clock.now();
        for (const { atMs, abort } of this.#timers) if (atMs <= now) abort();
        signal?.throwIfAborted();
      },
    };
  }
}

/** A context around a test's client. */
export function contextWithClient(client: Client, clock: Clock): ProviderContext {
  let changeCount = 0;
  // A test may change objects without the reader's knowledge, so nothing is cached.
  const reader = createObjectReader(Object.assign(client, { changeCount: () => ++changeCount }), clock);
  const timeouts = new FakeTimeouts(clock);
  return {
    client,
    reader,
    clock: timeouts.clock,
    metro: "test",
    signal: new AbortController().signal,
    createTimeout: timeouts.create,
    timeouts: { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 },
    imageLayout: "",
    readImageLabels: () => Promise.resolve(undefined),
    readGuestImage: () => Promise.resolve(undefined),
    printProgress: () => undefined,
    printWarning: () => undefined,
    clearing: { form: "set" },
  };
}

/** The items that calls return, by the call's name. */
export type CannedResponses = Readonly<Record<string, (request: never) => object | readonly object[]>>;

/** A context with a record of its calls. */
export interface TestContext extends ProviderContext {
  /** Calls that change something, such as `patchVolumes [{"uuid":"v1"}]`. */
  readonly calls: string[];
  /** The sleeps of the clock. */
  readonly sleepsMs: number[];
}

const isRead = (name: string): boolean => name.startsWith("get") || name.startsWith("wait");

/** A context whose metro supports these calls only, on a clock that moves only during sleeps. */
export function contextWithResponses(responses: CannedResponses): TestContext {
  const sleepsMs: number[] = [];
  const calls: string[] = [];
  let nowMs = 0;
  const methods = Object.entries(responses).map(([name, respond]) => [
    name,
    async (request: { body?: unknown }) => {
      if (!isRead(name)) calls.push(`${name} ${JSON.stringify(request.body)}`);
      await Promise.resolve();
      return { items: [respond(request as never)].flat(), message: undefined };
    },
  ]);
  const clock: Clock = {
    now: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      sleepsMs.push(ms);
      return Promise.resolve();
    },
  };
  const client = Object.assign(Object.fromEntries(methods), { metro: "test" }) as Client;
  return Object.assign(contextWithClient(client, clock), { calls, sleepsMs });
}
