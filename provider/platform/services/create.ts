/** Creates a service group. */
import type { Service } from "./service";
import * as crypto from "node:crypto";
import type { CreateServiceRequest } from "../../contract/models";
import { assertNameAvailable, uniqueWordName } from "../objectNames";
import type { Registry } from "../registry";
import { assertQuota } from "../quota/quota";
import { ApiItemError } from "../errors";
import { saveService, type ServiceRecord } from "../store/services";
import { scheduleAutokill } from "./autokill";
import { generateDomain, assertDomainsAvailable, resolveDomain } from "./domains";
import { DEFAULT_HARD_LIMIT, DEFAULT_SOFT_LIMIT } from "./patch";
import { publishPorts } from "./publish";
import { parsePorts, assertPortsAvailable } from "./rules";

/** Options of {@link createServiceGroup}. */
export interface ServiceGroupOptions {
  /** False for a group that an instance request describes inline: it is deleted with its last instance. */
  readonly persistent: boolean;
}

/** All service groups except this one. */
export const otherServices = (registry: Registry, uuid: string): ServiceRecord[] =>
  [...registry.services.values()].map(({ record }) => record).filter((record) => record.uuid !== uuid);

/**
 * Creates a service group and opens its ports. If the instance that it was created for fails, call `onInstanceLeft`.
 *
 * Throws `Invalid`, `AlreadyExists`, `CannotBeUsed` (a port or domain of another group), `NotFound` and
 * `CertCnMismatch` (a certificate), `Quota`, `NoFree` (a port of another program), `NotSupported`.
 */
export function createServiceGroup(
  registry: Registry,
  body: CreateServiceRequest,
  origin: ServiceGroupOptions,
): Promise<Service> {
  return registry.serviceMutex.runExclusive(() => createExclusively(registry, body, origin));
}

async function createExclusively(
  registry: Registry,
  body: CreateServiceRequest,
  { persistent }: ServiceGroupOptions,
): Promise<Service> {
  const { database, clock, log } = registry.parts;
  const isTaken = (name: string): boolean => [...registry.services.values()].some(({ record }) => record.name === name);
  const name = body.name ?? uniqueWordName(isTaken);
  assertNameAvailable("service group", name, isTaken);
  const now = clock.now();
  const record: ServiceRecord = {
    uuid: crypto.randomUUID(),
    name,
    createdAt: now,
    ports: parsePorts(body.services),
    domains: body.domains?.map((domain) => resolveDomain(domain, [...registry.certificates.values()])) ?? [
      generateDomain(name, body.name !== undefined),
    ],
    softLimit: body.soft_limit ?? Math.min(DEFAULT_SOFT_LIMIT, body.hard_limit ?? DEFAULT_HARD_LIMIT),
    hardLimit: body.hard_limit ?? DEFAULT_HARD_LIMIT,
    persistent,
    autokillTimeMs: body.autokill?.time_ms ?? 0,
    emptySince: now,
  };
  const others = otherServices(registry, record.uuid);
  assertPortsAvailable(record, others);
  assertDomainsAvailable(record.domains, others);
  // Without ports it publishes nothing: it is the lock of a rollout.
  if (record.ports.length > 0) assertQuota(registry, { service_groups: 1, services: record.ports.length });
  const service = registry.newService(record);
  try {
    await publishPorts(registry, service, record);
    if (registry.isShutDown) throw new ApiItemError("FailedOperation", "The local platform is shutting down");
    saveService(database, record);
  } catch (error) {
    service.proxy.close();
    throw error;
  }
  registry.services.set(record.uuid, service);
  scheduleAutokill(registry, service);
  log.write("service.created", { uuid: record.uuid, name });
  return service;
}
