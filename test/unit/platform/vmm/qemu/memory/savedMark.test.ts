import assert from "node:assert/strict";
import { findDamage, type SavedFacts } from "../../../../../../provider/platform/vmm/qemu/memory/savedMark";

const disk = { file: "/volumes/a.ext4", sizeBytes: 8, modifiedNs: "1" };
const disks = [disk];
const ram = { file: "/instances/a/memory.ram", sizeBytes: 128, modifiedNs: "1" };
const machine = { qemuVersion: "7.2.22", args: ["-m", "size=128M"], runFolder: "/run/u", spec: "sha256:spec" };
const intact: SavedFacts = {
  mark: { state: "sha256:state", ram, disks },
  machine,
  state: "sha256:state",
  ram,
  disks,
};
const restorer = { qemuVersion: "7.2.22", spec: "sha256:spec" };

describe("what is on disk of a saved VM", () => {
  it("is restored if it is as it was saved", () => assert.equal(findDamage(intact, restorer), undefined));

  it("is restored without a file of its memory if its memory was saved with its devices", () => {
    const mark = { state: "sha256:state", disks };
    assert.equal(findDamage({ ...intact, mark, ram: { ...ram, sizeBytes: -1, modifiedNs: "" } }, restorer), undefined);
    assert.equal(findDamage({ ...intact, mark, ram: { ...ram, modifiedNs: "2" } }, restorer), undefined); // of a restore that failed
  });

  const CASES: readonly [name: string, change: Partial<SavedFacts>, reason: RegExp][] = [
    ["no mark", { mark: undefined }, /describe its saved memory are damaged/],
    ["no arguments", { machine: undefined }, /describe its saved memory are damaged/],
    ["no memory", { ram: { ...ram, sizeBytes: -1, modifiedNs: "" } }, /memory is missing/],
    ["less memory", { ram: { ...ram, sizeBytes: 64 } }, /has 64 bytes instead of 128/],
    ["memory that was written to", { ram: { ...ram, modifiedNs: "2" } }, /memory was changed/],
    ["no device state", { state: undefined }, /state of its devices is missing/],
    ["another device state", { state: "sha256:other" }, /state of its devices is damaged/],
    ["a volume that was written to", { disks: [{ ...disk, modifiedNs: "2" }] }, /volume was changed/],
    ["one volume less", { disks: [] }, /volume was changed/],
    ["a volume that is gone", { disks: [{ ...disk, sizeBytes: -1, modifiedNs: "" }] }, /volume was changed/],
    ["another QEMU", { machine: { ...machine, qemuVersion: "8.0.0" } }, /saved by QEMU 8\.0\.0, and this is QEMU 7\.2/],
    ["other settings", { machine: { ...machine, spec: "sha256:x" } }, /with other settings/],
  ];
  for (const [name, change, reason] of CASES)
    it(`is not restored with ${name}`, () =>
      assert.match(findDamage({ ...intact, ...change }, restorer) ?? "", reason));
});
