/** The short form of `npm run fuzz`: no random input makes a reader crash, hang or give a wrong result. */
import assert from "node:assert/strict";
import { runTarget } from "../fuzz/runTarget";
import { FUZZ_TARGETS } from "../fuzz/targets";

const CASES = 20_000;
const SEED = 1;

describe("random input", () => {
  for (const target of FUZZ_TARGETS) {
    it(`leaves every invariant of the target '${target.name}' intact, ${CASES} times`, async function () {
      this.timeout(300_000);
      const { cases, slowestMs } = await runTarget(target, { cases: CASES, seed: SEED });
      assert.equal(cases, CASES);
      console.log(`      ${target.name}: slowest case ${Math.round(slowestMs)} ms`);
    });
  }
});
