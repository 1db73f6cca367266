import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { openFileLog } from "../../../provider/platform/log";

const MIB = 1024 * 1024;

describe("the daemon log", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-log-"));
    file = path.join(folder, "daemon.log");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const events = (of: string): unknown[] =>
    fs
      .readFileSync(of, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);

  it("is rotated when it has grown, and only the previous one is kept", () => {
    const log = openFileLog(file);
    const reason = "x".repeat(MIB / 4);
    for (let count = 0; count < 100; count++) log.write(`event-${count}`, { reason });
    log.close();
    assert.deepEqual(fs.readdirSync(folder).sort(), ["daemon.log", "daemon.log.1"]);
    for (const one of fs.readdirSync(folder)) {
      const { size, mode } = fs.statSync(path.join(folder, one));
      assert.ok(size < 9 * MIB, `${one} has ${size} bytes`);
      assert.equal(mode & 0o777, 0o600);
    }
    const logged = [...events(`${file}.1`), ...events(file)];
    assert.deepEqual(
      logged,
      Array.from({ length: logged.length }, (_, index) => `event-${100 - logged.length + index}`),
    );
  });

  it("stays the same file, which others append to", () => {
    const others = fs.openSync(file, "a");
    const log = openFileLog(file);
    for (let count = 0; count < 9; count++) log.write("event", { reason: "x".repeat(MIB) });
    fs.writeSync(others, '{"event":"from others"}\n');
    fs.closeSync(others);
    log.close();
    assert.ok(fs.existsSync(`${file}.1`));
    assert.equal(events(file).at(-1), "from others");
  });

  it("continues in the same file if it cannot be rotated", () => {
    fs.mkdirSync(`${file}.1`);
    const log = openFileLog(file);
    for (let count = 0; count < 12; count++) log.write(`event-${count}`, { reason: "x".repeat(MIB) });
    log.close();
    assert.equal(events(file).length, 12);
  });

  it("continues the log of an earlier daemon, unless that is large", () => {
    fs.writeFileSync(file, '{"event":"before"}\n');
    const first = openFileLog(file);
    first.write("short");
    first.close();
    assert.deepEqual(events(file), ["before", "short"]);
    fs.appendFileSync(file, "y".repeat(9 * MIB));
    const second = openFileLog(file);
    second.write("long");
    second.close();
    assert.deepEqual(events(file), ["long"]);
  });
});
