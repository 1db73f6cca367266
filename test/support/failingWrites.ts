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
