import assert from "node:assert/strict";
import {
  LINUX_MIN_MEMORY_MB,
  memoryViolations,
  minimumMemoryMb,
} from "../../../../provider/image/kernel/minimumMemory";

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

  it("is said with the arithmetic", () => {
    const messageOf = (...args: Parameters<typeof memoryViolations>): string | undefined =>
      memoryViolations(...args)[0]?.message;
    assert.deepEqual(memoryViolations(88, "multiboot", archive(23_100_000)), []);
    assert.deepEqual(memoryViolations(87, "multiboot", archive(23_100_000)), [
      {
        property: "memoryMb",
        message:
          "The guest needs 88 MiB of memory (4 for the kernel + 3.8 × 22.0 for its root file system), but gets 87.",
        hint: "Set memoryMb to 88 or more.",
      },
    ]);
    assert.equal(
      messageOf(128, "pvh", archive(64 * MIB)),
      "The guest needs 207 MiB of memory (72 for the kernel + 2.1 × 64.0 for its root file system), but gets 128.",
    );
    assert.equal(
      messageOf(64, "pvh", archive(0)),
      "The guest needs 80 MiB of memory (the least with which Linux boots), but gets 64.",
    );
  });
});
