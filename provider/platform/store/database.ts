/**
 * Opens the local platform's SQLite database. It is also the lock of the state folder: exclusive locking mode holds a
 * kernel lock, which is released when the process ends, even by SIGKILL.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UnikernelError } from "../../base/errors";
import { migrate } from "./migrations";

/** A value that a column of a STRICT table may hold. */
export type ColumnValue = string | number | null;

/** An open database, locked by this process. */
export interface Database {
  /** The rows of a query, as objects with one property per column. */
  all(sql: string, ...values: readonly ColumnValue[]): readonly unknown[];
  /** Runs a statement; what it wrote survives a power loss. Throws `NO_SPACE` on a full disk. */
  run(sql: string, ...values: readonly ColumnValue[]): void;
  /**
   * Like `run`, but does not wait for the disk: a power loss may undo it. For frequent writes that are void after one.
   */
  runWithoutSync(sql: string, ...values: readonly ColumnValue[]): void;
  /** Deletes the files while holding the lock, so that no other daemon can open half of them, then closes. */
  removeAndClose(): void;
  /** Closes the database and releases the lock. */
  close(): void;
}

/** Source: SQLite, "Result and Error Codes". */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
/** Attempts to open the database while daemons that shut down keep deleting it. */
const OPEN_ATTEMPTS = 20;
/** Whether each commit syncs the write-ahead log, or only a checkpoint does. Source: SQLite, "PRAGMA synchronous". */
const [SYNC_FULL, SYNC_NORMAL] = ["PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"];

const inodeOf = (file: string): number | undefined => fs.statSync(file, { throwIfNoEntry: false })?.ino;

/**
 * Opens or creates the database (0600), locks it and migrates it to the current version. `undefined` when another process
 * has locked it.
 *
 * Throws `DAEMON_FAILED` when a newer version of this package wrote it, or when other daemons keep deleting it; `NO_SPACE` on a
 * full disk.
 */
export function openDatabase(file: string): Database | undefined {
  for (let attempt = 1; ; attempt++) {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    try {
      fs.closeSync(fs.openSync(file, "a", 0o600));
    } catch (error) {
      // A daemon that is shutting down deleted the folder between the two calls.
      if (attempt < OPEN_ATTEMPTS && error instanceof Error && "code" in error && error.code === "ENOENT") continue;
      throw error;
    }
    const inode = inodeOf(file);
    const database = openLocked(file);
    if (database === undefined) return undefined;
    // A daemon that shuts down unlinks its database before it unlocks it: check that the locked file is still the one at this path.
    if (inode !== undefined && inodeOf(file) === inode) {
      withFullDiskError(() => migrate(database));
      return toDatabase(database, file);
    }
    database.close();
    if (attempt >= OPEN_ATTEMPTS)
      throw new UnikernelError("DAEMON_FAILED", `The database '${file}' was deleted each time it was opened.`, {
        hint: "Wait until no other daemon of the local platform is shutting down, and try again.",
      });
  }
}

function openLocked(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL"); // after locking_mode: the lock is held from here on, and no shared-memory file is created
    database.exec(SYNC_FULL);
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    if (hasResultCode(error, SQLITE_BUSY)) return undefined;
    throw toFullDiskError(error);
  }
}

/** True for an error of SQLite with this result code; extended codes hold it in their lowest byte. */
const hasResultCode = (error: unknown, code: number): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === code;

const toFullDiskError = (error: unknown): unknown =>
  hasResultCode(error, SQLITE_FULL)
    ? new UnikernelError("NO_SPACE", "The disk that holds the state of the local platform is full.", {
        hint: "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk.",
        cause: error,
      })
    : error;

function withFullDiskError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toFullDiskError(error);
  }
}

function toDatabase(database: DatabaseSync, file: string): Database {
  const run: Database["run"] = (sql, ...values) => withFullDiskError(() => void database.prepare(sql).run(...values));
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
