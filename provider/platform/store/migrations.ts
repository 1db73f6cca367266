/** The schema of the database. A released migration is never edited; a change is a new migration at the end. */
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
  `UPDATE instances SET definition = json_remove(
     json_set(definition, '$.templateAutokillMs', json_extract(definition, '$.frozenAutokillMs')),
     '$.frozenAutokillMs')
   WHERE json_extract(definition, '$.frozenAutokillMs') IS NOT NULL;`,
  `CREATE TABLE image_pins (
     uuid TEXT PRIMARY KEY,
     created_at INTEGER NOT NULL,
     url TEXT NOT NULL UNIQUE
   ) STRICT;`,
  // Instances of before the private network get its first addresses, in the order of their creation.
  `ALTER TABLE instances ADD COLUMN private_ip TEXT NOT NULL DEFAULT '';
   UPDATE instances SET private_ip = (
     SELECT printf('172.16.%d.%d', (position + 15) / 256, (position + 15) % 256)
     FROM (SELECT uuid AS id, ROW_NUMBER() OVER (ORDER BY created_at, rowid) AS position FROM instances)
     WHERE id = instances.uuid);
   CREATE UNIQUE INDEX instances_private_ip ON instances (private_ip);`,
  // Instances may have several interfaces, and an address only once in each network.
  `DROP INDEX instances_private_ip;
   UPDATE instances SET definition = json_remove(
     json_set(definition, '$.networkInterfaces', json_array(json_extract(definition, '$.networkInterface'))),
     '$.networkInterface')
   WHERE json_extract(definition, '$.networkInterface') IS NOT NULL;`,
];

/** The part of an SQLite connection that migrations need. */
interface MigrationConnection {
  exec(sql: string): void;
  prepare(sql: string): { get(): Record<string, unknown> | undefined };
}

/**
 * Migrates a database to the current version, each step in a transaction. Throws `DAEMON_FAILED` for a newer version.
 */
export function migrate(database: MigrationConnection): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.["user_version"] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new UnikernelError(
      "DAEMON_FAILED",
      `The local platform's database has version ${version}; this package supports versions up to ${MIGRATIONS.length}.`,
      {
        hint: "Upgrade this package to the version that wrote it, or delete the state folder.",
      },
    );
  }
  MIGRATIONS.slice(version).forEach((sql, index) => {
    database.exec(`BEGIN; ${sql} PRAGMA user_version = ${version + index + 1}; COMMIT;`);
  });
}
