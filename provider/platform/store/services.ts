/** Loads and saves service groups. */
import * as z from "zod";
import { type AutoscaleConfiguration, autoscaleConfiguration } from "./autoscale";
import type { Database } from "./database";

const ports = z.array(
  z.object({ port: z.int(), destinationPort: z.int(), handlers: z.array(z.enum(["tls", "http", "redirect"])) }),
);

/** Rows of an older release contain the name only. */
const domains = z.array(
  z.union([
    z.string().transform((fqdn): { fqdn: string; certificateUuid?: string | undefined } => ({ fqdn })),
    z.object({ fqdn: z.string(), certificateUuid: z.string().optional() }),
  ]),
);

// Defaults are for rows of an older release, and match how that release behaved.
const options = z.object({
  persistent: z.boolean().default(true),
  autokillTimeMs: z.int().default(0),
  emptySince: z.number().optional(),
  autoscale: autoscaleConfiguration.optional(),
});

const row = z.object({
  uuid: z.string(),
  name: z.string(),
  created_at: z.number(),
  ports: z.string(),
  domains: z.string(),
  soft_limit: z.int(),
  hard_limit: z.int(),
  options: z.string(),
});

/**
 * A published port. `destinationPort` is the port inside the instances; with the handler `redirect` it is the public port
 * that clients are sent to.
 */
export type PublishedPort = z.infer<typeof ports>[number];

/** A domain of a service group. */
export interface ServiceDomain {
  /** Fully qualified, without a trailing dot, such as `shop.localhost`. */
  readonly fqdn: string;
  /** UUID of an uploaded certificate; `undefined` for the platform's self-signed one. */
  readonly certificateUuid?: string | undefined;
}

/** The stored record of a service group. */
export interface ServiceRecord {
  readonly uuid: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly ports: readonly PublishedPort[];
  readonly domains: readonly ServiceDomain[];
  /** Connections per instance; see `proxy/chooseInstance.ts`. */
  readonly softLimit: number;
  readonly hardLimit: number;
  /** False: deleted with its last instance. */
  readonly persistent: boolean;
  /** Milliseconds without instances after which it is deleted; 0 is never. */
  readonly autokillTimeMs: number;
  /** Milliseconds since 1970; `undefined` while it has instances. */
  readonly emptySince?: number | undefined;
  /** `undefined`: no autoscale. */
  readonly autoscale?: AutoscaleConfiguration | undefined;
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
      domains: domains.parse(JSON.parse(one.domains)),
      softLimit: one.soft_limit,
      hardLimit: one.hard_limit,
      ...options.parse(JSON.parse(one.options)),
    };
  });
}

/** Adds a service group, or replaces it except for name and time of creation. */
export function saveService(database: Database, record: ServiceRecord): void {
  const { persistent, autokillTimeMs, emptySince, autoscale } = record;
  database.run(
    `INSERT INTO services (uuid, name, created_at, ports, domains, soft_limit, hard_limit, options)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (uuid) DO UPDATE SET ports = excluded.ports, domains = excluded.domains,
       soft_limit = excluded.soft_limit, hard_limit = excluded.hard_limit, options = excluded.options`,
    record.uuid,
    record.name,
    record.createdAt,
    JSON.stringify(record.ports),
    JSON.stringify(record.domains),
    record.softLimit,
    record.hardLimit,
    JSON.stringify({ persistent, autokillTimeMs, emptySince, autoscale }),
  );
}

/** Deletes a service group. */
export function deleteService(database: Database, uuid: string): void {
  database.run("DELETE FROM services WHERE uuid = ?", uuid);
}
