import assert from "node:assert/strict";
import {
  assertEnoughMemory,
  LINUX_MIN_MEMORY_MB,
  minimumMemoryMb,
} from "../../../../../../provider/platform/vmm/qemu/boot/minimumMemory";

const MIB = 1024 * 1024;
const archive = (bytes: number) => ({ bytes, isErofs: false });

describe("the minimum memory of a guest", () => {
  it("covers the measured sizes: the initrd twice, and the kernel", () => {
    assert.equal(minimumMemoryMb("pvh", archive(2 * MIB)), LINUX_MIN_MEMORY_MB);
    // the smallest that booted, in steps of 12 and 24 MiB
    assert.ok(minimumMemoryMb("pvh", archive(66.4 * MIB)) >= 212);
    assert.ok(minimumMemoryMb("bzimage", archive(258.4 * MIB)) >= 600);
  });

  it("of a Unikraft kernel is the least that served: four times the archive, but the size of an EROFS image", () => {
    assert.equal(minimumMemoryMb("multiboot", archive(23_100_000)), 88);
    assert.equal(minimumMemoryMb("multiboot", archive(900_000)), 8);
    assert.equal(minimumMemoryMb("multiboot", { bytes: 20 * MIB, isErofs: true }), 24);
    assert.ok(minimumMemoryMb("multiboot", archive(0)) < 10);
  });

  it("is said with the figure and the size of the root file system", () => {
    assert.doesNotThrow(() => assertEnoughMemory(88, "multiboot", archive(23_100_000)));
    assert.throws(() => assertEnoughMemory(87, "multiboot", archive(23_100_000)), {
      code: "INPUT_INVALID",
      message: "The guest needs 88 MiB of memory with its root file system of 23 MiB, but gets 87.",
    });
    assert.throws(() => assertEnoughMemory(64, "pvh", archive(0)), /needs 80 MiB of memory, but gets 64/);
  });
});
