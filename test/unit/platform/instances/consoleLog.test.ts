import assert from "node:assert/strict";
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

  it("takes at most twice its readable size and keeps its offsets and its end", async () => {
    let most = 0;
    for (let step = 0; step < 40; step++) {
      write(300_000);
      truncateConsoleLog(file);
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
  });

  it("is unchanged while small or missing", () => {
    write(CONSOLE_LOG_MAX_BYTES);
    truncateConsoleLog(file);
    assert.equal(fs.readFileSync(file)[0], byteAt(0));
    truncateConsoleLog(path.join(folder, "none"));
  });
});
