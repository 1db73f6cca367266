import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../../../provider/platform/store/database";

describe("the database", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-db-"));
    file = path.join(folder, "state", "platform.db");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("is private and open in one process at a time", () => {
    const first = openDatabase(file);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(openDatabase(file), undefined);
    first?.close();
    const second = openDatabase(file);
    assert.notEqual(second, undefined);
    second?.close();
  });

  it("is available again after its process was killed with SIGKILL", async () => {
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const held = new DatabaseSync(process.argv[1]);
      held.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE; COMMIT");
      process.stdout.write("locked");
      setInterval(() => undefined, 1000);`;
    openDatabase(file)?.close();
    const holder = childProcess.spawn(process.execPath, ["-e", script, file], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    assert.equal(openDatabase(file), undefined);
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("exit", resolve));
    const taken = openDatabase(file);
    assert.notEqual(taken, undefined);
    taken?.close();
  });

  it("leaves no file after removal", () => {
    openDatabase(file)?.removeAndClose();
    assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  });

  it("of a newer version is rejected and unchanged", () => {
    openDatabase(file)?.close();
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 999");
    newer.close();
    assert.throws(() => openDatabase(file), { code: "DAEMON_FAILED" });
  });
});
