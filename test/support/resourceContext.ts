/** What the lifecycle functions of resources get in unit tests: a metro of single answers, on a clock that only moves when somebody sleeps. */
import type { Client } from "../../provider/api/client";
import type { ProviderContext } from "../../provider/resources/context";

/** The items that one call is answered with; throws for a call that gets no answer. */
export type Answering = Readonly<Record<string, (request: never) => object | readonly object[]>>;

/** A context, and what was asked of it: `patchVolumes [{"uuid":"v1"}]`, without what only reads. */
export interface TestContext extends ProviderContext {
  readonly asked: string[];
  readonly slept: number[];
}

const isRead = (name: string): boolean => name.startsWith("get") || name.startsWith("wait");

/** A context whose metro answers these calls, and no other. */
export function contextOf(answers: Answering): TestContext {
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
  const client = Object.assign(Object.fromEntries(calls), { metro: "test", changes: () => asked.length }) as Client;
  const sleep = (ms: number) => {
    nowMs += ms;
    slept.push(ms);
    return Promise.resolve();
  };
  const clock = { now: () => nowMs, sleep };
  return {
    client,
    clock,
    metro: "test",
    signal: undefined,
    timeouts: { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 },
    imageLayout: "",
    slept,
    asked,
  } as TestContext;
}
