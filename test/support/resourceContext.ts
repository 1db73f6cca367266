/** What the lifecycle functions of resources get in unit tests. */
import type { Client } from "../../provider/client/client";
import { createObjectReader } from "../../provider/client/objectReader";
import type { Clock } from "../../provider/base/clock";
import type { ProviderContext } from "../../provider/resources/context";

/** A context around a client made by a test. */
export function contextWithClient(client: Client, clock: Clock): ProviderContext {
  let changeCount = 0;
  // Whatever a test changes behind the reader's back may have changed by the next look.
  const reader = createObjectReader(Object.assign(client, { changeCount: () => ++changeCount }), clock);
  return {
    client,
    reader,
    clock,
    metro: "test",
    signal: undefined,
    timeouts: { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 },
    imageLayout: "",
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
