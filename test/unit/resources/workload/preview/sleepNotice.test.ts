import assert from "node:assert/strict";
import { describeSleepInMemory } from "../../../../../provider/resources/workload/preview/sleepNotice";

const volumes = [{ volume: "data", at: "/data" }] as never;
const scaleToZero = { policy: "on", stateful: true } as const;

describe("the notice about sleep in memory", () => {
  it("is given for volumes of a kernel that mounts folders, and memory that is kept", () => {
    for (const workload of [
      { volumes, scaleToZero },
      { ephemeralVolumes: [{ at: "/data" }] as never, scaleToZero },
    ]) {
      const [clause] = describeSleepInMemory("multiboot", workload, "template.");
      assert.match(clause ?? "", /^template\.scaleToZero\.stateful: it sleeps in memory, not on the disk/);
    }
  });

  for (const [name, kind, workload] of [
    ["for Linux, which mounts disks", "pvh", { volumes, scaleToZero }],
    ["for a kernel that is not known", undefined, { volumes, scaleToZero }],
    ["without volumes", "multiboot", { volumes: [] as never, scaleToZero }],
    ["without memory that is kept", "multiboot", { volumes, scaleToZero: { policy: "on" } }],
    ["when it never sleeps", "multiboot", { volumes, scaleToZero: { policy: "off", stateful: true } }],
  ] as const)
    it(`is not given ${name}`, () => assert.deepEqual(describeSleepInMemory(kind, workload, ""), []));
});
