/** What the lifecycle functions of resources get in unit tests. */
import type { Client } from "../../provider/client/client";
import { createObjectReader } from "../../provider/client/objectReader";
import type { Clock } from "../../provider/base/clock";
import { timeoutError } from "../../provider/base/timeout";
import type { ProviderContext } from "../../provider/resources/context";

/** Signals that abort by a test's clock: whoever sleeps past their time makes them abort. */
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

/** A context around a client made by a test. */
export function contextWithClient(client: Client, clock: Clock): ProviderContext {
  let changeCount = 0;
  // Whatever a test changes behind the reader's back may have changed by the next look.
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
    printProgress: () => undefined,
  };
}

/** The items that calls are answered with, by their names. */
export type CannedResponses = Readonly<Record<string, (request: never) => object | readonly object[]>>;

/** A context, and what was asked through it. */
export interface TestContext extends ProviderContext {
  /** Calls that change something, such as `patchVolumes [{"uuid":"v1"}]`. */
  readonly asked: string[];
  readonly slept: number[];
}

const isRead = (name: string): boolean => name.startsWith("get") || name.startsWith("wait");

/** A context whose metro answers these calls and no other, on a clock that only moves when somebody sleeps. */
export function contextWithResponses(answers: CannedResponses): TestContext {
  const slept: number[] = [];
  const asked: string[] = [];
  let nowMs = 0;
  const calls = Object.entries(answers).map(([name, answer]) => [
    name,
    async (request: { body?: unknown }) => {
      if (!isRead(name)) asked.push(`${name} ${JSON.stringify(request.body)}`);
      await Promise.resolve();
      return { items: [answer(request as never)].flat(), message: undefined };
    },
  ]);
  const clock: Clock = {
    now: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      slept.push(ms);
      return Promise.resolve();
    },
  };
  const client = Object.assign(Object.fromEntries(calls), { metro: "test" }) as Client;
  return Object.assign(contextWithClient(client, clock), { asked, slept });
}
