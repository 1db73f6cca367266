/** A short form of `npm run soak`: the engine is killed once in every operation, at every boundary; in the complete form, once with real VMs. */
import assert from "node:assert/strict";
import { BOUNDARIES, type Kill, MOMENTS, OPERATIONS } from "../../soak/killPlan";
import { describeHarm, describeTotals, formatTable } from "../../soak/report";
import { type SoakOptions, runSoak } from "../../soak/soak";
import { itInComplete } from "../../support/form";

describe("a killed run, recovered by cancel, up and refresh", function () {
  this.timeout(1_200_000);
  // Fixed, so that a failure is due to the change under test; `npm run soak` looks for faults that are there already.
  const seed = Number(process.env["UNIKERNEL_SOAK_SEED"] ?? 125_883);

  async function soak(options: Pick<SoakOptions, "vmm" | "count" | "moments" | "isWanted">): Promise<number> {
    const results = await runSoak({ ...options, seed, print: (line) => console.log(`      ${line}`) });
    console.log(`\n${formatTable(results)}\nseed ${seed}: ${describeTotals(results)}\n`);
    const harmful = results.filter((result) => describeHarm(result) !== "");
    assert.deepEqual(harmful.map(describeHarm), [], harmful[0]?.log);
    return results.filter(({ killed }) => killed).length;
  }

  it("loses, duplicates and leaks nothing at one boundary of each operation", async () => {
    // A diagonal of the table: every operation and every boundary is there.
    const isWanted = ({ operation, moment }: Kill): boolean =>
      (OPERATIONS.indexOf(operation) + MOMENTS.indexOf(moment)) % BOUNDARIES.length === 0;
    assert.equal(await soak({ vmm: "fake", count: 20, moments: BOUNDARIES, isWanted }), OPERATIONS.length);
  });

  // killedRollouts.test.ts kills engines with real VMs in both forms; here each operation runs once before, to count its requests.
  itInComplete("loses, duplicates and leaks nothing with real VMs", async () => {
    const isWanted = ({ operation, moment }: Kill): boolean => operation === "roll" && moment === "during a wait";
    assert.equal(await soak({ vmm: "QEMU", count: 30, moments: MOMENTS, isWanted }), 1);
  });
});
