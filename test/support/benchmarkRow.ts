/** A row of examples/boot-benchmark, for tests of what is written and drawn of it. */
import type { Row } from "../../examples/boot-benchmark/report/rows";

/** A start that succeeded, but for what is different. */
export const benchmarkRow = (more: Partial<Row> = {}): Row => ({
  ...{ kind: "linux", start: "boot", count: 10, round: 1, seed: 7, instance: "linux-3", outcome: "ok" },
  ...{ bootMs: 2500.04, reachableMs: 2600.25, firstByteMs: 2650, memoryMb: 128 },
  ...{ imageBytes: 58_051_963, containerBytes: 1_083_753, rssMib: 221.4, pssMib: 176.7 },
  ...{ accelerator: "tcg", vmm: "QEMU 7.2.22", cpu: 'Xeon "E3", 2.2 GHz', cpus: 2 },
  ...{ hostMemoryMib: 24_106, hostKernel: "Linux 6.1" },
  ...more,
});
