/** Applies a patch operation to a service group. Pure. */
import * as z from "zod";
import { domainRequest, type ServiceProp, servicePatchValues } from "../../contract/models";
import { ApiItemError } from "../errors";
import type { CertificateRecord } from "../store/certificates";
import type { ServiceRecord } from "../store/services";
import { toFqdn, resolveDomain } from "./domains";
import { parsePorts, assertLimitsOrdered } from "./rules";

/** A change of one property of a service group. */
export interface ServicePatchOperation {
  readonly prop: ServiceProp;
  readonly op: "set" | "add" | "del";
  /** Validated by the model of `prop`; `undefined`: a `del` of the whole property. */
  readonly value?: unknown;
}

/** The API's default of `soft_limit`. */
export const DEFAULT_SOFT_LIMIT = 1;
/** The API's default of `hard_limit`. */
export const DEFAULT_HARD_LIMIT = 65535;

/** A port to remove is identified by its number; other members are ignored. */
const removedPortModel = z.looseObject({ port: z.int() });

function parseValue<T>(model: z.ZodType<T>, { op, prop, value }: ServicePatchOperation, expected: string): T {
  const parsed = model.safeParse(value);
  if (!parsed.success) throw new ApiItemError("Invalid", `'value' of '${op} ${prop}' must be ${expected}`);
  return parsed.data;
}

/**
 * Returns the changed record. Throws `Invalid`, `NotSupported`; for domains with certificates also `NotFound` and
 * `CertCnMismatch`.
 */
export function applyPatchOperation(
  record: ServiceRecord,
  change: ServicePatchOperation,
  certificates: readonly CertificateRecord[],
): ServiceRecord {
  switch (change.prop) {
    case "services":
      return { ...record, ports: patchPorts(record, change) };
    case "domains":
      return { ...record, domains: patchDomains(record, change, certificates) };
    case "soft_limit": {
      const softLimit = patchLimit(change, DEFAULT_SOFT_LIMIT);
      assertLimitsOrdered(softLimit, record.hardLimit);
      return { ...record, softLimit };
    }
    case "hard_limit": {
      const hardLimit = patchLimit(change, DEFAULT_HARD_LIMIT);
      assertLimitsOrdered(record.softLimit, hardLimit);
      return { ...record, hardLimit };
    }
    case "autokill": {
      assertNotAdd(change);
      if (change.op === "del") return { ...record, autokillTimeMs: 0 };
      const { time_ms } = parseValue(
        servicePatchValues.autokill,
        change,
        "an object with 'time_ms', an integer of at least 0",
      );
      return { ...record, autokillTimeMs: time_ms ?? 0 };
    }
  }
}

function patchPorts(record: ServiceRecord, change: ServicePatchOperation): ServiceRecord["ports"] {
  if (change.op === "del") {
    const removed =
      change.value === undefined
        ? record.ports
        : parseValue(z.array(removedPortModel).min(1), change, "an array of objects with 'port'");
    const ports = record.ports.filter(({ port }) => !removed.some((one) => one.port === port));
    if (ports.length === 0) throw new ApiItemError("Invalid", "A service group must keep at least one port");
    return ports;
  }
  const requested = parsePorts(parseValue(servicePatchValues.services, change, "an array of services"));
  if (change.op === "set") return requested;
  const kept = record.ports.filter((old) => !requested.some(({ port }) => port === old.port));
  return [...kept, ...requested];
}

function patchDomains(
  record: ServiceRecord,
  change: ServicePatchOperation,
  certificates: readonly CertificateRecord[],
): ServiceRecord["domains"] {
  if (change.op === "del" && change.value === undefined) return [];
  const expected = "an array of objects with 'name' and an optional 'certificate'";
  const requested = parseValue(z.array(domainRequest), change, expected);
  const names = new Set(requested.map(({ name }) => toFqdn(name)));
  const kept = change.op === "set" ? [] : record.domains.filter(({ fqdn }) => !names.has(fqdn));
  return change.op === "del" ? kept : [...kept, ...requested.map((domain) => resolveDomain(domain, certificates))];
}

function patchLimit(change: ServicePatchOperation, defaultLimit: number): number {
  assertNotAdd(change);
  return change.op === "del"
    ? defaultLimit
    : parseValue(servicePatchValues.soft_limit, change, "an integer between 1 and 65535");
}

function assertNotAdd({ prop, op }: ServicePatchOperation): void {
  if (op === "add") throw new ApiItemError("Invalid", `'${prop}' supports only 'set' and 'del'`);
}
