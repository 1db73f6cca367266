import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import {
  truncateConsoleLog,
  CONSOLE_LOG_MAX_BYTES,
  readConsoleLog,
} from "../../../provider/platform/instances/consoleLog";
import { Lab } from "./lab";

describe("a VM on QEMU that keeps writing to its console", function () {
  this.timeout(180_000);
  let lab: Lab;
  before(() => Lab.open().then((opened) => (lab = opened)));
  after(() => lab.close());

  it("has a small console log with correct offsets and the latest output", async () => {
    // Lines of 9 bytes including the line end, each with a different number.
    const [first, last, lineBytes] = [1_000_000, 1_300_000, 9];
    const spec = lab.script(`echo begin; seq ${first} ${last}; echo end; sleep 600`);
    const vm = await lab.start(spec);
    const file = lab.vmm.consoleLogPath(spec.uuid);
    const ended = async (): Promise<boolean> => {
      const { bytes } = await readConsoleLog(file, -10, 10);
      return /end\r\n$/.test(Buffer.from(bytes).toString("latin1"));
    };
    let mostBytes = 0;
    while (!(await ended())) {
      await truncateConsoleLog(file);
      mostBytes = Math.max(mostBytes, (await fs.stat(file)).blocks * 512);
      await delay(20);
    }
    const { available } = await readConsoleLog(file, 0, 0);
    const outputBytes = (last - first + 1) * lineBytes;
    const begin = available.end - outputBytes - "end\r\n".length;
    assert.ok(begin >= "begin\r\n".length && begin < 100_000, "all that was written is counted");
    assert.equal(available.start, available.end - CONSOLE_LOG_MAX_BYTES);
    assert.ok(mostBytes < 4 * CONSOLE_LOG_MAX_BYTES, `it took ${mostBytes} bytes`);
    const { bytes, range } = await readConsoleLog(file, -16_000, 16_000);
    const [, number = ""] = /\n(\d{7})\r\n/.exec(Buffer.from(bytes).toString("latin1")) ?? [];
    const at = range.start + Buffer.from(bytes).indexOf(number);
    assert.equal(at, begin + (Number(number) - first) * lineBytes, "a line is where it was written");
    const { rssBytes, cpuTimeMs } = await vm.usage();
    assert.ok(rssBytes > 10 * 1024 * 1024 && cpuTimeMs > 0, `${rssBytes} bytes, ${cpuTimeMs} ms`);
    await vm.stop({ graceMs: 0 });
    assert.deepEqual(await vm.usage(), { rssBytes: 0, cpuTimeMs: 0 });
  });
});
