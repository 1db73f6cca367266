import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readExitEvidence } from "../../../../../../provider/platform/vmm/qemu/exit/logs";
import { vmFilesOf } from "../../../../../../provider/platform/vmm/qemu/files";
import { QemuVmm } from "../../../../../../provider/platform/vmm/qemu/qemu";

const MIB = 1024 * 1024;
const UUID = "11111111-2222-4333-8444-555555555555";

describe("the logs of a VM whose guest floods its control port", () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-logs-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("stay small and still show that its program started and how it ended", async () => {
    const paths = { runDir: path.join(folder, "run"), instancesDir: folder, cacheDir: folder };
    const files = vmFilesOf(paths, UUID);
    fs.mkdirSync(files.folder);
    const vmm = new QemuVmm(paths);
    const logs = [files.controlLog, files.qemuLog];
    let written = 0;
    /** Like QEMU: at its own offset. */
    const write = (text: string): void => {
      for (const log of logs) {
        const descriptor = fs.openSync(log, fs.constants.O_WRONLY | fs.constants.O_CREAT);
        fs.writeSync(descriptor, text, written);
        fs.closeSync(descriptor);
      }
      written += text.length;
    };
    write("started\n");
    for (let step = 0; step < 40; step++) {
      write("noise\n".repeat(20_000));
      await vmm.truncateLogs(UUID);
      for (const log of logs) assert.ok(fs.statSync(log).blocks * 512 < MIB / 2, `${log} in step ${step}`);
    }
    write("exit 7\n");
    const { report, qemuLog } = await readExitEvidence(files);
    assert.deepEqual(report, { started: true, runsCommands: false, error: undefined, exitCode: 7 });
    assert.match(qemuLog, /noise\nexit 7\n$/);
  });

  it("may be missing", () =>
    new QemuVmm({ runDir: folder, instancesDir: folder, cacheDir: folder }).truncateLogs(UUID));
});
