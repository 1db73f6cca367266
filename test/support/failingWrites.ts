/** A database that cannot be written, as on a full disk. */
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";

/** Writes of one kind that fail. */
export interface FailingWrites {
  /** Number of attempts. */
  readonly attempts: () => number;
  /** Lets them succeed from now on. */
  readonly restore: () => void;
}

/** Lets every statement fail that starts with `statement`, such as `DELETE FROM volumes`, except the first `passing`. */
export function failWrites(statement: string, { passing = 0 } = {}): FailingWrites {
  const { prepare } = DatabaseSync.prototype;
  let tried = 0;
  const mocked = mock.method(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    if (sql.startsWith(statement) && ++tried > passing) throw new Error("database or disk is full");
    return prepare.call(this, sql);
  });
  return { attempts: () => tried, restore: () => mocked.mock.restore() };
}

/**
 * Lets the open database grow no more, as on a full disk: SQLite itself then reports `SQLITE_FULL`. Learns the connection from
 * the next statement that `use` runs.
 */
export async function fillDisk(use: () => Promise<unknown>): Promise<{ readonly free: () => void }> {
  const { prepare } = DatabaseSync.prototype;
  let connection: DatabaseSync | undefined;
  const mocked = mock.method(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    connection = this;
    return prepare.call(this, sql);
  });
  await use();
  mocked.mock.restore();
  if (connection === undefined) throw new Error("the database was not used");
  const database: DatabaseSync = connection;
  // Free pages would be used first.
  database.exec("VACUUM");
  database.exec("PRAGMA max_page_count = 1"); // SQLite raises it to the present size
  return { free: () => database.exec("PRAGMA max_page_count = 1000000") };
}
