import assert from "node:assert/strict";
import { LINUX_MIN_MEMORY_MB, minimumMemoryMb } from "../../../../../../provider/platform/vmm/qemu/boot/minimumMemory";

const MIB = 1024 * 1024;

describe("the minimum memory of a guest", () => {
  it("covers the measured sizes: the initrd twice, and the kernel", () => {
    assert.equal(minimumMemoryMb("pvh", 2 * MIB), LINUX_MIN_MEMORY_MB);
    // the smallest that booted, in steps of 12 and 24 MiB
    assert.ok(minimumMemoryMb("pvh", 66.4 * MIB) >= 212);
    assert.ok(minimumMemoryMb("bzimage", 258.4 * MIB) >= 600);
    assert.ok(minimumMemoryMb("multiboot", 0) < 10);
  });
});
