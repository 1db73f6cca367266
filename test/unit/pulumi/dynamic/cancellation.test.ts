import assert from "node:assert/strict";
import { Cancellation } from "../../../../provider/pulumi/dynamic/cancellation";

describe("cancellation", () => {
  it("aborts the signal, and ends when every operation has", async () => {
    const cancellation = new Cancellation();
    const ended: string[] = [];
    const running = new Promise((_, reject) => {
      cancellation.signal.addEventListener("abort", () => {
        setTimeout(() => {
          ended.push("operation");
          reject(cancellation.signal.reason as Error);
        }, 20);
      });
    });
    const tracked = assert.rejects(cancellation.track(running), /The operation was cancelled/);
    await cancellation.cancel();
    ended.push("cancellation");
    await tracked;
    assert.deepEqual(ended, ["operation", "cancellation"]);
  });

  it("aborts nothing when no operation runs", async () => {
    const cancellation = new Cancellation();
    await cancellation.track(Promise.resolve());
    await cancellation.track(Promise.reject(new Error("failed"))).catch(() => undefined);
    await cancellation.cancel();
    assert.equal(cancellation.signal.aborted, false);
  });
});
