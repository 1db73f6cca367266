/** What a PATCH triple makes of a service group. Pure. */
import * as z from "zod";
import { domainRequest, type ServiceProp, servicePatchValues } from "../../contract/models";
import { Refusal } from "../errors";
import type { CertificateRecord } from "../store/certificates";
import type { ServiceRecord } from "../store/services";
import { fqdnOf, resolveDomain } from "./domains";
import { checkedPorts, checkLimits } from "./rules";

/** A triple. */
export interface ServiceChange {
  readonly prop: ServiceProp;
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** Defaults of the API. */
export const DEFAULT_SOFT_LIMIT = 1;
export const DEFAULT_HARD_LIMIT = 65535;

/** What a removed port is known by; the rest of its description may stand beside. */
const removedPort = z.looseObject({ port: z.int() });

function read<T>(model: z.ZodType<T>, { op, prop, value }: ServiceChange, expected: string): T {
  const parsed = model.safeParse(value);
  if (!parsed.success) throw new Refusal("Invalid", `'value' of '${op} ${prop}' must be ${expected}`);
  return parsed.data;
}

/**
 * The changed record. Throws refusals `Invalid`, `NotSupported`, and of domains with certificates `NotFound` and
 * `CertCnMismatch`.
 */
export function applyChange(
  record: ServiceRecord,
  change: ServiceChange,
  certificates: readonly CertificateRecord[],
): ServiceRecord {
  switch (change.prop) {
    case "services":
      return { ...record, ports: changedPorts(record, change) };
    case "domains":
      return { ...record, domains: changedDomains(record, change, certificates) };
    case "soft_limit": {
      const softLimit = changedLimit(change, DEFAULT_SOFT_LIMIT);
      checkLimits(softLimit, record.hardLimit);
      return { ...record, softLimit };
    }
    case "hard_limit": {
      const hardLimit = changedLimit(change, DEFAULT_HARD_LIMIT);
      checkLimits(record.softLimit, hardLimit);
      return { ...record, hardLimit };
    }
    case "autokill": {
      refuseAdd(change);
      if (change.op === "del") return { ...record, autokillTimeMs: 0 };
      const { time_ms } = read(servicePatchValues.autokill, change, "an object with 'time_ms', from 0 on");
      return { ...record, autokillTimeMs: time_ms ?? 0 };
    }
  }
}

function changedPorts(record: ServiceRecord, change: ServiceChange): ServiceRecord["ports"] {
  if (change.op === "del") {
    const given =
      change.value === undefined
        ? record.ports
        : read(z.array(removedPort).min(1), change, "an array of objects with 'port'");
    const ports = record.ports.filter(({ port }) => !given.some((gone) => gone.port === port));
    if (ports.length === 0) throw new Refusal("Invalid", "A service group must keep at least one port");
    return ports;
  }
  const given = checkedPorts(read(servicePatchValues.services, change, "an array of services"));
  if (change.op === "set") return given;
  const kept = record.ports.filter((old) => !given.some(({ port }) => port === old.port));
  return [...kept, ...given];
}

function changedDomains(
  record: ServiceRecord,
  change: ServiceChange,
  certificates: readonly CertificateRecord[],
): ServiceRecord["domains"] {
  if (change.op === "del" && change.value === undefined) return [];
  const expected = "an array of objects with 'name', and 'certificate' where one is to be used";
  const given = read(z.array(domainRequest), change, expected);
  const names = new Set(given.map(({ name }) => fqdnOf(name)));
  const kept = change.op === "set" ? [] : record.domains.filter(({ fqdn }) => !names.has(fqdn));
  return change.op === "del" ? kept : [...kept, ...given.map((domain) => resolveDomain(domain, certificates))];
}

function changedLimit(change: ServiceChange, byDefault: number): number {
  refuseAdd(change);
  return change.op === "del"
    ? byDefault
    : read(servicePatchValues.soft_limit, change, "an integer between 1 and 65535");
}

function refuseAdd({ prop, op }: ServiceChange): void {
  if (op === "add") throw new Refusal("Invalid", `'${prop}' can be set or cleared, not added to`);
}
