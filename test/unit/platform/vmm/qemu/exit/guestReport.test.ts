import assert from "node:assert/strict";
import {
  EMPTY_REPORT,
  applyReportLine,
  createReportReader,
  encodeStopCommand,
  parseReport,
} from "../../../../../../provider/platform/vmm/qemu/exit/guestReport";

describe("the guest's reports on the control port", () => {
  it("are parsed despite carriage returns, repetitions and unknown lines", () => {
    assert.deepEqual(parseReport("exec\r\nstarted\r\nstop 5.000\r\nnoise\nexit 0\r\n"), {
      started: true,
      runsCommands: true,
      error: undefined,
      exitCode: 0,
    });
    assert.deepEqual(applyReportLine(applyReportLine(EMPTY_REPORT, "started"), "started"), {
      ...EMPTY_REPORT,
      started: true,
    });
    assert.deepEqual(parseReport("exit\nexit x\nexit 1234\nerror\n"), EMPTY_REPORT);
  });

  it("are read line by line however the text is cut, and an endless line takes no memory", () => {
    const lines: string[] = [];
    const read = createReportReader((line) => lines.push(line));
    for (const piece of ["sta", "rted\nex", "it 0\n", "x".repeat(10_000), "y".repeat(4_096), "\n"]) read(piece);
    assert.deepEqual(lines, ["started", "exit 0", "y".repeat(4_096)]);
  });

  it("are answered with a stop command that gives the grace period in seconds", () =>
    assert.equal(encodeStopCommand(1500), "stop 1.500\n"));
});
