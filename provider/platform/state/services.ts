/** Service groups in the database. */
import * as z from "zod";
import type { Database } from "./database";

const ports = z.array(
  z.object({ port: z.int(), destinationPort: z.int(), handlers: z.array(z.enum(["tls", "http", "redirect"])) }),
);

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  ports: z.string(),
  domains: z.string(),
  soft_limit: z.int(),
  hard_limit: z.int(),
});

/** A published port and the port it leads to inside the instances. */
export type PublishedPort = z.infer<typeof ports>[number];

/** One service group. */
export interface ServiceRecord {
  readonly uuid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly ports: readonly PublishedPort[];
  /** Fully qualified, such as `shop.localhost`. */
  readonly domains: readonly string[];
  readonly softLimit: number;
  readonly hardLimit: number;
}

/** Every service group, oldest first. */
export function loadServices(database: Database): ServiceRecord[] {
  return database.all("SELECT * FROM services ORDER BY created_at, rowid").map((found) => {
    const one = row.parse(found);
    return {
      uuid: one.uuid,
      name: one.name,
      createdAt: one.created_at,
      ports: ports.parse(JSON.parse(one.ports)),
      domains: z.array(z.string()).parse(JSON.parse(one.domains)),
      softLimit: one.soft_limit,
      hardLimit: one.hard_limit,
    };
  });
}

/** Adds a service group or replaces what is kept of it. */
export function saveService(database: Database, record: ServiceRecord): void {
  database.run(
    `INSERT INTO services (uuid, name, created_at, ports, domains, soft_limit, hard_limit) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (uuid) DO UPDATE SET ports = excluded.ports, domains = excluded.domains,
       soft_limit = excluded.soft_limit, hard_limit = excluded.hard_limit`,
    record.uuid,
    record.name,
    record.createdAt,
    JSON.stringify(record.ports),
    JSON.stringify(record.domains),
    record.softLimit,
    record.hardLimit,
  );
}

/** Removes a service group. */
export function deleteService(database: Database, uuid: string): void {
  database.run("DELETE FROM services WHERE uuid = ?", uuid);
}
