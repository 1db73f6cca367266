import assert from "node:assert/strict";
import { setImmediate as settle } from "node:timers/promises";
import { Liveness } from "../../../../../provider/platform/vmm/qemu/liveness";

describe("whether QEMU runs", () => {
  /** Questions that were asked, each answered by the test. */
  const questions: PromiseWithResolvers<void>[] = [];
  beforeEach(() => void questions.splice(0));
  const ask = (): Promise<void> => {
    const question = Promise.withResolvers<void>();
    questions.push(question);
    return question.promise;
  };

  it("is asked once for all that want to know meanwhile, and again for those that ask later", async () => {
    const liveness = new Liveness(ask);
    const first = [liveness.check(), liveness.check()];
    await settle();
    const later = [liveness.check(), liveness.check(), liveness.check()];
    await settle();
    assert.equal(questions.length, 1);
    questions[0]?.resolve();
    assert.deepEqual(await Promise.all(first), [true, true]);
    await settle();
    assert.equal(questions.length, 2);
    questions[1]?.reject(new Error("the connection to QEMU was closed"));
    assert.deepEqual(await Promise.all(later), [false, false, false]);
  });

  it("is asked again after QEMU has not answered", async () => {
    const liveness = new Liveness(ask);
    const first = liveness.check();
    await settle();
    questions[0]?.reject(new Error("no response"));
    assert.equal(await first, false);
    const second = liveness.check();
    await settle();
    questions[1]?.resolve();
    assert.equal(await second, true);
  });
});
