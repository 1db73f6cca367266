/** A service group's begin. */
import * as crypto from "node:crypto";
import type { CreateServiceRequest } from "../../contract/models";
import { wordyName } from "../objectNames";
import type { Platform, Service } from "../registry";
import { enforceQuota } from "../quota";
import { Refusal } from "../errors";
import { saveService, type ServiceRecord } from "../store/services";
import { armAutokill } from "./autokill";
import { generatedDomain, refuseTakenDomains, resolveDomain } from "./domains";
import { DEFAULT_HARD_LIMIT, DEFAULT_SOFT_LIMIT } from "./patch";
import { publishPorts } from "./publish";
import { checkedPorts, refuseTakenPorts } from "./rules";

/** Whose a service group is. */
export interface GroupOrigin {
  /** False for one that an instance brings with it: it goes with the last instance. */
  readonly persistent: boolean;
}

/** Every service group but this one. */
export const otherServices = (platform: Platform, uuid: string): ServiceRecord[] =>
  [...platform.services.values()].map(({ record }) => record).filter((record) => record.uuid !== uuid);

/**
 * Makes a service group and opens its ports. One whose instance then cannot be made goes with `afterMemberLeft`.
 *
 * Throws refusals `Invalid`, `AlreadyExists`, `CannotBeUsed` (a port or domain of another group), `NotFound` and
 * `CertCnMismatch` (a certificate), `Quota`, `NoFree` (a port of another program), `NotSupported`.
 */
export function createServiceGroup(
  platform: Platform,
  body: CreateServiceRequest,
  origin: GroupOrigin,
): Promise<Service> {
  return platform.serviceTurn.take(() => create(platform, body, origin));
}

async function create(platform: Platform, body: CreateServiceRequest, { persistent }: GroupOrigin): Promise<Service> {
  const { database, clock, log } = platform.parts;
  const taken = (name: string): boolean => [...platform.services.values()].some(({ record }) => record.name === name);
  const name = body.name ?? wordyName(taken);
  if (name.includes("/")) throw new Refusal("Invalid", `'${name}' is not a name: it contains '/'`);
  if (taken(name)) throw new Refusal("AlreadyExists", `A service group with the name '${name}' already exists`);
  const now = clock.now();
  const record: ServiceRecord = {
    uuid: crypto.randomUUID(),
    name,
    createdAt: now,
    ports: checkedPorts(body.services),
    domains: body.domains?.map((domain) => resolveDomain(domain, [...platform.certificates.values()])) ?? [
      generatedDomain(name, body.name !== undefined),
    ],
    softLimit: body.soft_limit ?? Math.min(DEFAULT_SOFT_LIMIT, body.hard_limit ?? DEFAULT_HARD_LIMIT),
    hardLimit: body.hard_limit ?? DEFAULT_HARD_LIMIT,
    persistent,
    autokillTimeMs: body.autokill?.time_ms ?? 0,
    emptySince: now,
  };
  const others = otherServices(platform, record.uuid);
  refuseTakenPorts(name, record.ports, others);
  refuseTakenDomains(record.domains, others);
  enforceQuota(platform, { service_groups: 1, services: record.ports.length });
  const service = platform.newService(record);
  try {
    await publishPorts(platform, service, record);
    if (platform.isReleased) throw new Refusal("FailedOperation", "The local platform is ending");
    saveService(database, record);
  } catch (error) {
    service.proxy.close();
    throw error;
  }
  platform.services.set(record.uuid, service);
  armAutokill(platform, service);
  log.write("service.created", { uuid: record.uuid, name });
  return service;
}
