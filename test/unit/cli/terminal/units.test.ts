import assert from "node:assert/strict";
import { formatBytes, formatDuration, formatMb, shortUuid } from "../../../../provider/cli/terminal/units";

describe("units for people", () => {
  it("are binary for sizes", () => {
    const sizes = [0, 1, 1023, 1024, 1536, 100 * 1024, 1024 ** 2 * 12.34, 1024 ** 3, 1024 ** 5 * 3];
    assert.deepEqual(sizes.map(formatBytes), [
      "0 B",
      "1 B",
      "1023 B",
      "1.0 KiB",
      "1.5 KiB",
      "100 KiB",
      "12.3 MiB",
      "1.0 GiB",
      "3072 TiB",
    ]);
    assert.equal(formatMb(128), "128 MiB");
  });

  it("are the two largest for durations", () => {
    const durations = [0, 412.4, 999, 1_000, 3_240, 60_000, 250_000, 7_500_000, 3 * 86_400_000 + 4 * 3_600_000];
    assert.deepEqual(durations.map(formatDuration), [
      "0 ms",
      "412 ms",
      "999 ms",
      "1.0 s",
      "3.2 s",
      "1 min 0 s",
      "4 min 10 s",
      "2 h 5 min",
      "3 d 4 h",
    ]);
  });

  it("are the start of a UUID", () => {
    assert.equal(shortUuid("5a1f0c1e-0000-4000-8000-000000000001"), "5a1f0c1e");
  });
});
