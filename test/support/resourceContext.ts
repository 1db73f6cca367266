/** The context of resource functions in unit tests. */
import type { Client } from "../../provider/client/client";
import { createObjectReader } from "../../provider/client/objectReader";
import type { Clock } from "../../provider/base/clock";
import type { ProviderContext } from "../../provider/resources/context";

/** A context for a client of a test. */
export function contextWithClient(client: Client, clock: Clock): ProviderContext {
  let changeCount = 0;
  // A test may change objects without the reader's knowledge, so nothing is cached.
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
