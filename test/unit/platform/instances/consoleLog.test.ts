import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import {
  availableRange,
  truncateConsoleLog,
  CONSOLE_LOG_MAX_BYTES,
  readConsoleLog,
  requestedRange,
} from "../../../../provider/platform/instances/consoleLog";

const MIB = 1024 * 1024;

describe("the console log", () => {
  let folder: string;
  let file: string;
  let written: number;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-console-"));
    file = path.join(folder, "console.log");
    written = 0;
    fs.writeFileSync(file, "");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  /** Writes like QEMU at its own offset. Every byte encodes its position. */
  const byteAt = (offset: number): number => 1 + (offset % 251);
  function write(bytes: number): void {
    const descriptor = fs.openSync(file, "r+");
    const chunk = Uint8Array.from({ length: bytes }, (_, index) => byteAt(written + index));
    written += fs.writeSync(descriptor, chunk, 0, bytes, written);
    fs.closeSync(descriptor);
  }
  const spaceBytes = (): number => fs.statSync(file).blocks * 512;

  it("is read in ranges within the available bytes", () => {
    const offset = fc.integer({ min: -5 * MIB, max: 5 * MIB });
    fc.assert(
      fc.property(fc.nat(4 * MIB), offset, fc.nat(16383), (size, from, limit) => {
        const available = availableRange(size);
        const { start, end } = requestedRange(available, from, limit);
        assert.ok(available.start <= start && start <= end && end <= available.end);
        assert.ok(end - start <= limit && available.end === size && available.end - available.start <= MIB);
        if (from >= available.start && from <= size) assert.equal(start, from);
        if (from < 0 && size + from >= available.start) assert.equal(start, size + from);
        assert.equal(end - start, Math.min(limit, size - start)); // as much as exists
      }),
    );
  });

  const takesLittle = async (): Promise<void> => {
    let most = 0;
    for (let step = 0; step < 40; step++) {
      write(300_000);
      await truncateConsoleLog(file);
      most = Math.max(most, spaceBytes());
    }
    assert.ok(most <= 2 * CONSOLE_LOG_MAX_BYTES + 300_000, `${most} bytes`);
    const { available } = await readConsoleLog(file, -1, 1);
    assert.deepEqual(available, { start: written - CONSOLE_LOG_MAX_BYTES, end: written });
    for (const offset of [available.start, available.start + 500_000, written - 100]) {
      const { bytes, range } = await readConsoleLog(file, offset, 100);
      assert.deepEqual(range, { start: offset, end: offset + 100 });
      assert.deepEqual(
        [...bytes],
        Array.from({ length: 100 }, (_, index) => byteAt(offset + index)),
      );
    }
  };
  it("takes at most twice its readable size and keeps its offsets and its end", takesLittle);

  it("does so too where no part of a file can be freed", async () => {
    const search = process.env["PATH"];
    process.env["PATH"] = folder;
    try {
      await takesLittle();
    } finally {
      process.env["PATH"] = search;
    }
  });

  it("loses nothing of what is appended meanwhile", async () => {
    const slowly =
      'i=1000000; while [ $i -lt 1600000 ]; do seq $i $((i + 9999)); i=$((i + 10000)); sleep 0.02; done >> "$0"';
    const writer = childProcess.spawn("sh", ["-c", slowly, file], { stdio: "ignore" });
    const exited = once(writer, "exit");
    while (writer.exitCode === null) {
      await delay(5);
      await truncateConsoleLog(file);
    }
    await exited;
    assert.equal(fs.readFileSync(file)[0], 0, "something was freed");
    const lineBytes = 8;
    const { available } = await readConsoleLog(file, 0, 0);
    assert.equal(available.end, 600_000 * lineBytes);
    const { bytes, range } = await readConsoleLog(file, available.start, CONSOLE_LOG_MAX_BYTES);
    const first = Math.ceil(range.start / lineBytes);
    const lines = Buffer.from(bytes)
      .toString("latin1")
      .slice(first * lineBytes - range.start)
      .trim()
      .split("\n");
    assert.deepEqual(
      lines,
      Array.from({ length: 600_000 - first }, (_, index) => String(1_000_000 + first + index)),
    );
  });

  it("is unchanged while small or missing", async () => {
    write(CONSOLE_LOG_MAX_BYTES);
    await truncateConsoleLog(file);
    assert.equal(fs.readFileSync(file)[0], byteAt(0));
    await truncateConsoleLog(path.join(folder, "none"));
  });
});
