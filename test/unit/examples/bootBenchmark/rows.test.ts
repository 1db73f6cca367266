import assert from "node:assert/strict";
import { fromCsv, mergeRows, toCsv } from "../../../../examples/boot-benchmark/report/rows";
import { benchmarkRow as row } from "../../../support/benchmarkRow";

const HEADER =
  "kind,start,count,round,seed,instance,outcome,bootMs,reachableMs,firstByteMs,memoryMb,imageBytes,containerBytes," +
  "rssMib,pssMib,accelerator,vmm,cpu,cpus,hostMemoryMib,hostKernel\n";

describe("examples/boot-benchmark: rows", () => {
  it("are written as CSV, with tenths of milliseconds and quoted texts", () => {
    assert.equal(
      toCsv([row(), row({ round: 2, outcome: "timeout", bootMs: undefined, reachableMs: undefined, firstByteMs: undefined })]),
      HEADER +
        'linux,boot,10,1,7,linux-3,ok,2500,2600.3,2650,128,58051963,1083753,221.4,176.7,tcg,QEMU 7.2.22,"Xeon ""E3"", 2.2 GHz",2,24106,Linux 6.1\n' +
        'linux,boot,10,2,7,linux-3,timeout,,,,128,58051963,1083753,221.4,176.7,tcg,QEMU 7.2.22,"Xeon ""E3"", 2.2 GHz",2,24106,Linux 6.1\n',
    ); // prettier-ignore
  });

  it("keep seconds: a start of 1.2 s is 1200 ms, not 200", () =>
    assert.match(toCsv([row({ firstByteMs: 1200 })]), /,1200,128,/));

  it("are read from CSV", () => {
    const rows = [
      row({ bootMs: 2500, reachableMs: 2600.3 }),
      row({ kind: "unikraft", outcome: "none supplied", instance: undefined as never, bootMs: undefined, reachableMs: undefined, firstByteMs: undefined }), // prettier-ignore
    ];
    assert.deepEqual(fromCsv(toCsv(rows)), rows);
    assert.deepEqual(fromCsv(HEADER), []);
  });

  it("are not read from another file", () => {
    assert.throws(() => fromCsv("a,b\n1,2\n"), /does not have the columns of this benchmark: move it away/);
    assert.throws(() => fromCsv(`${HEADER}linux,boot\n`), /A line has 2 cells instead of 21/);
  });

  it("of a group that is measured again replace the older ones, and others stay", () => {
    const older = [row({ count: 50 }), row({ round: 1 }), row({ round: 2 })];
    const merged = mergeRows(older, [row({ round: 1, firstByteMs: 3 }), row({ start: "clone", count: 140 })]);
    assert.deepEqual(
      merged.map(({ start, count, firstByteMs }) => [start, count, firstByteMs]),
      [
        ["boot", 10, 3],
        ["boot", 50, 2650],
        ["clone", 140, 2650],
      ],
    );
  });

  it("of two machines are not merged", () =>
    assert.throws(() => mergeRows([row({ accelerator: "kvm" })], [row()]), {
      message:
        `The older results are of 'kvm, QEMU 7.2.22, 2 × Xeon "E3", 2.2 GHz', these are of ` +
        `'tcg, QEMU 7.2.22, 2 × Xeon "E3", 2.2 GHz': move the older file away and measure again.`,
    }));

  it("say that no kernel was supplied only until one is measured", () => {
    const missing = row({ kind: "unikraft", outcome: "none supplied", count: 0 });
    const measured = row({ kind: "unikraft" });
    assert.deepEqual(mergeRows([missing], [measured]), [measured]);
    assert.deepEqual(mergeRows([measured], [missing]), [measured]);
    assert.deepEqual(mergeRows([missing], [missing]), [missing]);
  });
});
