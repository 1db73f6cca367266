import assert from "node:assert/strict";
import { describeSleepInMemory } from "../../../../provider/resources/workload/labels/sleepNotice";

const volumes = [{ volume: "data", at: "/data" }] as never;
const scaleToZero = { policy: "on", stateful: true } as const;

describe("the notice about sleep in memory", () => {
  it("is given for volumes of the local platform and memory that is kept", () => {
    const [clause] = describeSleepInMemory("local", { volumes, scaleToZero }, "template.");
    assert.match(clause ?? "", /^template\.scaleToZero\.stateful: with a Unikraft kernel it sleeps in memory/);
  });

  for (const [name, metro, workload] of [
    ["in the cloud", "fra0", { volumes, scaleToZero }],
    ["without volumes", "local", { volumes: [] as never, scaleToZero }],
    ["without memory that is kept", "local", { volumes, scaleToZero: { policy: "on" } }],
    ["when it never sleeps", "local", { volumes, scaleToZero: { policy: "off", stateful: true } }],
    ["without a workload", "local", undefined],
  ] as const)
    it(`is not given ${name}`, () => assert.deepEqual(describeSleepInMemory(metro, workload, ""), []));
});
