/**
 * The platform's database. It is also the lock of its state folder: SQLite's exclusive locking mode holds a lock of
 * the kernel, which vanishes with the process however that ends.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UnikernelError } from "../../base/errors";
import { migrate } from "./migrations";

/** A value that a column of a STRICT table may hold. */
export type ColumnValue = string | number | null;

/** An open database, held by this process alone. */
export interface Database {
  /** Rows of a query, as objects by column name. */
  all(sql: string, ...values: readonly ColumnValue[]): readonly unknown[];
  /** What it wrote outlasts a loss of power. */
  run(sql: string, ...values: readonly ColumnValue[]): void;
  /** Like `run`, without waiting for the disk: a loss of power may undo it. For what changes often and ends with the power. */
  runWithoutSync(sql: string, ...values: readonly ColumnValue[]): void;
  /** Removes the files while still holding the lock, so that no other daemon can take them over half removed; then closes. */
  removeAndClose(): void;
  close(): void;
}

const SQLITE_BUSY = 5;
const OPEN_ATTEMPTS = 20;
/** In WAL mode: the log is synced with each commit, or only when it is moved into the database. */
const [SYNC_FULL, SYNC_NORMAL] = ["PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"];

const inodeOf = (file: string): number | undefined => fs.statSync(file, { throwIfNoEntry: false })?.ino;

/**
 * Opens or creates the database (0600), takes its lock and brings it to the current version.
 *
 * Returns `undefined` when another process holds it. Throws `DAEMON_FAILED` when it was written by a newer version.
 */
export function openDatabase(file: string): Database | undefined {
  for (let attempt = 1; ; attempt++) {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    try {
      fs.closeSync(fs.openSync(file, "a", 0o600));
    } catch (error) {
      // An ending daemon removed the folder between the two calls.
      if (attempt < OPEN_ATTEMPTS && error instanceof Error && "code" in error && error.code === "ENOENT") continue;
      throw error;
    }
    const inode = inodeOf(file);
    const database = openLocked(file);
    if (database === undefined) return undefined;
    // An ending daemon unlinks its database just before it unlocks it: what was locked must still be what is there.
    if (inode !== undefined && inodeOf(file) === inode) {
      migrate(database);
      return toDatabase(database, file);
    }
    database.close();
    if (attempt >= OPEN_ATTEMPTS)
      throw new UnikernelError("DAEMON_FAILED", `The database '${file}' keeps being replaced.`);
  }
}

function openLocked(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL"); // in this order: the lock is then held from here on, and no shared memory file is made
    database.exec(SYNC_FULL);
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

function toDatabase(database: DatabaseSync, file: string): Database {
  const run: Database["run"] = (sql, ...values) => void database.prepare(sql).run(...values);
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values),
    run,
    runWithoutSync(sql, ...values) {
      database.exec(SYNC_NORMAL);
      try {
        run(sql, ...values);
      } finally {
        database.exec(SYNC_FULL);
      }
    },
    removeAndClose() {
      for (const suffix of ["-wal", "-journal", "-shm", ""]) fs.rmSync(file + suffix, { force: true });
      database.close();
    },
    close: () => database.close(),
  };
}
