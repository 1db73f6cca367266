import assert from "node:assert/strict";
import { Semaphore } from "../../../provider/base/semaphore";

describe("the semaphore", () => {
  it("grants its permits at once and further ones in request order", async () => {
    const semaphore = new Semaphore(2);
    const entered: string[] = [];
    const enter = async (name: string) => {
      const release = await semaphore.acquire();
      entered.push(name);
      return release;
    };
    const [first, second] = [await enter("a"), await enter("b")];
    const [third, fourth] = [enter("c"), enter("d")];
    await new Promise(setImmediate);
    assert.deepEqual(entered, ["a", "b"]);
    second();
    await third;
    first();
    await fourth;
    assert.deepEqual(entered, ["a", "b", "c", "d"]);
  });

  it("ignores repeated releases of a permit", async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    release();
    release();
    await semaphore.acquire();
    let isGranted = false;
    void semaphore.acquire().then(() => (isGranted = true));
    await new Promise(setImmediate);
    assert.equal(isGranted, false);
  });

  it("rejects with the signal's reason and leaves the queue if aborted", async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire();
    const controller = new AbortController();
    const cancelled = semaphore.acquire(controller.signal);
    const next = semaphore.acquire();
    controller.abort(new Error("cancelled"));
    await assert.rejects(cancelled, /cancelled/);
    release();
    (await next)();
    await assert.rejects(semaphore.acquire(controller.signal), /cancelled/);
  });
});
