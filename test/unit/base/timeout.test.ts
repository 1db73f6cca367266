import assert from "node:assert/strict";
import { systemClock } from "../../../provider/base/clock";
import { UnikernelError } from "../../../provider/base/errors";
import { abortable, hasTimedOut, timeoutError, timeoutSignal, withTimeout } from "../../../provider/base/timeout";

describe("withTimeout", () => {
  it("does not expire at once for a time above the limit of timers", async () => {
    const never = new AbortController().signal;
    const isAborted = await withTimeout(2 ** 31, never, async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return signal.aborted;
    });
    assert.equal(isAborted, false);
  });

  /** The reason with which the signal of `act` aborts. */
  const reasonOf = (ms: number, signal: AbortSignal, reason?: () => Error): Promise<unknown> =>
    withTimeout(
      ms,
      signal,
      (limited) =>
        new Promise((resolve) => {
          if (limited.aborted) resolve(limited.reason);
          limited.addEventListener("abort", () => resolve(limited.reason));
        }),
      reason,
    );

  it("aborts with the reason that is given, or with that of the outer signal", async () => {
    const never = new AbortController().signal;
    const [late, gone] = [new Error("late"), new Error("gone")];
    assert.equal(await reasonOf(5, never, () => late), late);
    assert.equal(((await reasonOf(5, never)) as Error).name, "AbortError");
    assert.equal(await reasonOf(60_000, AbortSignal.abort(gone), () => late), gone);
    const outer = new AbortController();
    setTimeout(() => outer.abort(gone), 5);
    assert.equal(await reasonOf(Infinity, outer.signal, () => late), gone);
  });
});

describe("a timeout signal", () => {
  it("aborts with an error that names the operation and the time", async () => {
    const signal = timeoutSignal(20, "Creating volume 'data'");
    assert.equal(hasTimedOut(signal), false);
    await assert.rejects(systemClock.sleep(5_000, signal), (error) => {
      assert.ok(UnikernelError.has(error, "WAIT_TIMEOUT"));
      assert.match(error.message, /^Creating volume 'data' did not finish within 0 s\.$/);
      return true;
    });
    assert.equal(hasTimedOut(signal), true);
  });

  it("differs from a cancellation", () => {
    assert.equal(hasTimedOut(AbortSignal.abort(new Error("cancelled"))), false);
    assert.equal(hasTimedOut(AbortSignal.any([AbortSignal.abort(timeoutError(1_000, "Reading"))])), true);
  });

  it("ends the wait for a promise that settles too late", async () => {
    const late = new Promise((resolve) => setTimeout(resolve, 5_000).unref());
    await assert.rejects(abortable(late, timeoutSignal(10, "Reading")), /Reading did not finish/);
    assert.equal(await abortable(Promise.resolve(1), timeoutSignal(10_000, "Reading")), 1);
  });
});
