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

  it("is readable only by its user and open in one process at a time", () => {
    const first = openDatabase(file);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(openDatabase(file), undefined);
    first?.close();
    const second = openDatabase(file);
    assert.notEqual(second, undefined);
    second?.close();
  });

  it("can be opened again after its process was killed with SIGKILL", async () => {
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

  it("leaves no file behind when it is removed", () => {
    openDatabase(file)?.removeAndClose();
    assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  });

  it("of version 2 is migrated: its instances keep their autokill as a template and get addresses", () => {
    openDatabase(file)?.close();
    const older = new DatabaseSync(file);
    older.exec(`PRAGMA user_version = 2;
      DROP TABLE image_pins; -- of version 4
      -- of version 5
      ALTER TABLE instances DROP COLUMN private_ip;
      INSERT INTO instances (uuid, name, created_at, definition, status)
        VALUES ('u1', 'a', 1, '{"memoryMb":64,"frozenAutokillMs":5000}', '{}'), ('u2', 'b', 2, '{"memoryMb":32}', '{}')`);
    older.close();
    const database = openDatabase(file);
    const rows = database?.all("SELECT definition, private_ip FROM instances ORDER BY uuid") as {
      definition: string;
      private_ip: string;
    }[];
    assert.deepEqual(
      rows.map(({ private_ip }) => private_ip),
      ["172.16.0.16", "172.16.0.17"],
    );
    assert.deepEqual(
      rows.map(({ definition }) => JSON.parse(definition) as unknown),
      [{ memoryMb: 64, templateAutokillMs: 5000 }, { memoryMb: 32 }],
    );
    database?.close();
  });

  it("of version 5 is migrated: an interface in a network of its own stays there", () => {
    openDatabase(file)?.close();
    const older = new DatabaseSync(file);
    older.exec(`PRAGMA user_version = 5;
      CREATE UNIQUE INDEX instances_private_ip ON instances (private_ip);
      INSERT INTO instances (uuid, name, created_at, private_ip, definition, status) VALUES
        ('u1', 'a', 1, '172.16.0.16', '{"memoryMb":64,"networkInterface":{"name":"eth0","network":"dmz"}}', '{}'),
        ('u2', 'b', 2, '172.16.0.17', '{"memoryMb":32}', '{}')`);
    older.close();
    const database = openDatabase(file);
    const rows = database?.all("SELECT definition FROM instances ORDER BY uuid") as { definition: string }[];
    assert.deepEqual(
      rows.map(({ definition }) => JSON.parse(definition) as unknown),
      [{ memoryMb: 64, networkInterfaces: [{ name: "eth0", network: "dmz" }] }, { memoryMb: 32 }],
    );
    database?.close();
  });

  it("of a newer version is rejected and left alone", () => {
    openDatabase(file)?.close();
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 999");
    newer.close();
    assert.throws(() => openDatabase(file), { code: "DAEMON_FAILED" });
  });
});
