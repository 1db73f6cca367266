import assert from "node:assert/strict";
import {
  findCloneObstacle,
  shapeOf,
  type SnapshotFacts,
} from "../../../../../../provider/platform/vmm/qemu/memory/snapshot";
import type { VmSpec } from "../../../../../../provider/platform/vmm/vmm";
import { plainNetwork } from "../../../../../support/vmNetwork";
import { DEFAULT_NETWORK, vmNetworkOf } from "../../../../../../provider/platform/network/addresses";

const spec: VmSpec = {
  ...{ uuid: "a", hostname: "original", kernel: "/boot/kernel", initrd: "/boot/initrd", args: ["/server"] },
  ...{ env: { A: "1" }, memoryMb: 128, vcpus: 1, network: plainNetwork("172.16.0.9"), roms: [], annotations: {} },
  ...{ disks: [{ file: "/volumes/a.ext4", at: "/data", readonly: true }], isSavable: false },
};
const disks = [{ file: "/volumes/a.ext4", sizeBytes: 8, modifiedNs: "1" }];
const ram = { sizeBytes: 128, modifiedNs: "5" };
const intact: SnapshotFacts = {
  snapshot: { qemuVersion: "7.2.22", accelerator: "tcg", shape: shapeOf(spec), devices: "sha256:d", ram, disks },
  ...{ devices: "sha256:d", ram, disks },
};
const capabilities = { version: "7.2.22", accelerator: "tcg" } as const;
const obstacle = (
  facts: Partial<SnapshotFacts>,
  of = spec,
  on: { version: string; accelerator: "tcg" | "kvm" } = capabilities,
) => findCloneObstacle({ ...intact, ...facts }, { shape: shapeOf(of), capabilities: on });

describe("a snapshot", () => {
  it("is cloned by instances that differ in their name, addresses and what becomes of them", () => {
    const own = { uuid: "b", hostname: "clone", network: plainNetwork("172.16.0.10"), isSavable: true };
    assert.equal(obstacle({}, { ...spec, ...own }), undefined);
  });

  const DIFFERENCES: readonly [change: Partial<VmSpec>, reason: RegExp][] = [
    [{ kernel: "/boot/other" }, /another image/],
    [{ initrd: undefined }, /another image/],
    [{ args: ["/server", "-v"] }, /other arguments/],
    [{ env: {} }, /other environment variables/],
    [{ memoryMb: 256 }, /another amount of memory/],
    [{ vcpus: 2 }, /another number of processors/],
    [{ disks: [] }, /other volumes/],
    [{ roms: [{ at: "/rom", files: new Map([["a", Buffer.from("x")]]) }] }, /other ROMs/],
    [{ annotations: { a: "b" } }, /other annotations/],
    [{ network: vmNetworkOf(DEFAULT_NETWORK, []) }, /another number of network interfaces/],
  ];
  for (const [change, reason] of DIFFERENCES)
    it(`is not cloned by an instance with ${reason.source}`, () =>
      assert.match(obstacle({}, { ...spec, ...change }) ?? "", reason));

  const DAMAGES: readonly [name: string, facts: Partial<SnapshotFacts>, reason: RegExp][] = [
    ["no description", { snapshot: undefined }, /memory of its original is missing or damaged/],
    ["no devices", { devices: undefined }, /devices of its original are missing or damaged/],
    ["other devices", { devices: "sha256:x" }, /devices of its original are missing or damaged/],
    ["no memory", { ram: undefined }, /memory of its original is missing or was changed/],
    ["memory that was written to", { ram: { ...ram, modifiedNs: "6" } }, /is missing or was changed/],
    ["a volume that was written to", { disks: [{ ...disks[0], modifiedNs: "2" } as never] }, /volume was changed/],
  ];
  for (const [name, facts, reason] of DAMAGES)
    it(`is not cloned with ${name}`, () => assert.match(obstacle(facts) ?? "", reason));

  it("is not cloned by another QEMU, or on another accelerator", () => {
    const reason = /ran on QEMU 7\.2\.22 \(tcg\), and this is QEMU /;
    assert.match(obstacle({}, spec, { ...capabilities, version: "8.0.0" }) ?? "", reason);
    assert.match(obstacle({}, spec, { ...capabilities, accelerator: "kvm" }) ?? "", reason);
  });
});
