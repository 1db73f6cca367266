/**
 * Loads and saves certificates. The private key is stored as it was uploaded; it is protected by the permissions of the
 * database file (0600).
 */
import * as z from "zod";
import type { Database } from "./database";

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  common_name: z.string(),
  chain: z.string(),
  pkey: z.string(),
});

/** An uploaded certificate. */
export interface CertificateRecord {
  readonly uuid: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Domain name in lower case without a trailing dot; its first label may be `*`. */
  readonly commonName: string;
  /** PEM: the certificate first, then its issuers. Never in a response. */
  readonly chain: string;
  /** PEM. Secret: never in a response or the log. */
  readonly pkey: string;
}

/** Every certificate, oldest first. */
export function loadCertificates(database: Database): CertificateRecord[] {
  return database.all("SELECT * FROM certificates ORDER BY created_at, rowid").map((found) => {
    const { uuid, name, created_at, common_name, chain, pkey } = row.parse(found);
    return { uuid, name, createdAt: created_at, commonName: common_name, chain, pkey };
  });
}

/** Adds a certificate or replaces its chain and key. */
export function saveCertificate(database: Database, record: CertificateRecord): void {
  database.run(
    `INSERT INTO certificates (uuid, name, created_at, common_name, chain, pkey) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (uuid) DO UPDATE SET chain = excluded.chain, pkey = excluded.pkey`,
    record.uuid,
    record.name,
    record.createdAt,
    record.commonName,
    record.chain,
    record.pkey,
  );
}

/** Deletes a certificate. */
export function deleteCertificate(database: Database, uuid: string): void {
  database.run("DELETE FROM certificates WHERE uuid = ?", uuid);
}
