import assert from "node:assert/strict";
import type { Client } from "../../../provider/api/client";
import { UnikernelError } from "../../../provider/base/errors";
import { PartialFailure } from "../../../provider/definition/partial";
import type { ProviderContext } from "../../../provider/resources/context";
import { volume } from "../../../provider/resources/volume";

const inputs = { name: "data", sizeMb: 64 };
const item = { status: "success", uuid: "v1", name: "data", size_mb: 64, created_at: "2026-01-01T00:00:00Z" };

/** A context whose metro knows one volume. */
function contextOf(
  answers: Record<string, (request: never) => object>,
): ProviderContext & { readonly slept: number[] } {
  const slept: number[] = [];
  let nowMs = 0;
  const calls = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (request: never) => Promise.resolve().then(() => ({ items: [answer(request)], message: undefined })),
    ]),
  );
  const sleep = (ms: number) => {
    nowMs += ms;
    slept.push(ms);
    return Promise.resolve();
  };
  return {
    client: calls as unknown as Client,
    clock: { now: () => nowMs, sleep },
    metro: "test",
    signal: undefined,
    timeouts: { createMs: 300_000, updateMs: 300_000, deleteMs: 300_000 },
    imageLayout: "",
    slept,
  };
}

describe("the volume", () => {
  it("shows no drift for what the server fills in, and drift for its size", async () => {
    const reported = { ...item, state: "available", filesystem: "ext4", quota_policy: "static", persistent: true };
    const observed = await volume.read(contextOf({ getVolumes: () => reported }), "v1", inputs);
    assert.deepEqual(observed, { inputs, outputs: { filesystem: "ext4", createdAt: item.created_at } });
    const grown = await volume.read(contextOf({ getVolumes: () => ({ ...reported, size_mb: 128 }) }), "v1", inputs);
    assert.equal(grown?.inputs.sizeMb, 128);
  });

  it("is gone for code 8, and for nothing else", async () => {
    const refused = (error: number) => contextOf({ getVolumes: () => ({ status: "error", error, message: "no" }) });
    assert.equal(await volume.read(refused(8), "v1", inputs), undefined);
    for (const error of [0, 6, 14]) {
      await assert.rejects(volume.read(refused(error), "v1", inputs), (e) => UnikernelError.is(e));
    }
  });

  it("waits until it can be used", async () => {
    const states = ["uninitialized", "initializing", "available"];
    const context = contextOf({ createVolume: () => item, getVolumes: () => ({ ...item, state: states.shift() }) });
    assert.equal((await volume.create(context, inputs)).id, "v1");
    assert.equal(context.slept.length, 2);
  });

  it("keeps its id when it is not ready in time", async () => {
    const context = contextOf({ createVolume: () => item, getVolumes: () => ({ ...item, state: "initializing" }) });
    await assert.rejects(
      volume.create(context, inputs),
      (e) => e instanceof PartialFailure && e.id === "v1" && UnikernelError.has(e.cause, "WAIT_TIMEOUT"),
    );
  });
});
