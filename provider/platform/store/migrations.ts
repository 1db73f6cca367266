/** The database's shape. A migration that was ever released is never edited; a change is a new one at the end. */
import { UnikernelError } from "../../base/errors";

const MIGRATIONS: readonly string[] = [
  `CREATE TABLE services (
     uuid TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL,
     ports TEXT NOT NULL,
     domains TEXT NOT NULL,
     soft_limit INTEGER NOT NULL,
     hard_limit INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE volumes (
     uuid TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL,
     size_mb INTEGER NOT NULL,
     state TEXT NOT NULL
   ) STRICT;
   CREATE TABLE instances (
     uuid TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL,
     service_uuid TEXT REFERENCES services (uuid),
     definition TEXT NOT NULL,
     status TEXT NOT NULL
   ) STRICT;
   CREATE TABLE attachments (
     instance_uuid TEXT NOT NULL REFERENCES instances (uuid) ON DELETE CASCADE,
     volume_uuid TEXT NOT NULL REFERENCES volumes (uuid),
     at TEXT NOT NULL,
     readonly INTEGER NOT NULL,
     PRIMARY KEY (instance_uuid, at)
   ) STRICT;`,
  `ALTER TABLE services ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
   ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
   CREATE TABLE certificates (
     uuid TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL,
     common_name TEXT NOT NULL,
     chain TEXT NOT NULL,
     pkey TEXT NOT NULL
   ) STRICT;`,
];

/** The part of an open SQLite database that a migration needs. */
interface MigrationConnection {
  exec(sql: string): void;
  prepare(sql: string): { get(): Record<string, unknown> | undefined };
}

/** Brings a database to the current version; each step is one transaction. Throws `DAEMON_FAILED` for one from the future. */
export function migrate(database: MigrationConnection): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.["user_version"] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new UnikernelError(
      "DAEMON_FAILED",
      `The local platform's database has version ${version}; this program knows up to ${MIGRATIONS.length}.`,
      {
        hint: "Use the newer version of this package that wrote it, or remove the state folder.",
      },
    );
  }
  MIGRATIONS.slice(version).forEach((sql, index) => {
    database.exec(`BEGIN; ${sql} PRAGMA user_version = ${version + index + 1}; COMMIT;`);
  });
}
