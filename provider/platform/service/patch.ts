/** What a PATCH triple makes of a service group. Pure. */
import * as z from "zod";
import { domainRequest, servicePort } from "../../api/models";
import { Refusal } from "../refusal";
import type { ServiceRecord } from "../state/services";
import { checkedPorts, checkLimits, fqdnOf } from "./rules";

/** A triple. */
export interface ServiceChange {
  readonly prop: "services" | "domains" | "soft_limit" | "hard_limit";
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/** Defaults of the API. */
export const DEFAULT_SOFT_LIMIT = 1;
export const DEFAULT_HARD_LIMIT = 65535;

const limit = z.int().min(1).max(65535);
const removedPort = z.looseObject({ port: z.int() });

function read<T>(model: z.ZodType<T>, change: ServiceChange, expected: string): T {
  const parsed = model.safeParse(change.value);
  if (!parsed.success) throw new Refusal("Invalid", `'value' of '${change.op} ${change.prop}' must be ${expected}`);
  return parsed.data;
}

/** The changed record. Throws refusals `Invalid`, `NotSupported`. */
export function applyChange(record: ServiceRecord, change: ServiceChange): ServiceRecord {
  switch (change.prop) {
    case "services":
      return { ...record, ports: changedPorts(record, change) };
    case "domains":
      return { ...record, domains: changedDomains(record, change) };
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
  }
}

function changedPorts(record: ServiceRecord, change: ServiceChange): ServiceRecord["ports"] {
  if (change.op === "del") {
    const gone = new Set(
      read(z.array(removedPort).min(1), change, "an array of objects with 'port'").map(({ port }) => port),
    );
    const ports = record.ports.filter(({ port }) => !gone.has(port));
    if (ports.length === 0) throw new Refusal("Invalid", "A service group must keep at least one port");
    return ports;
  }
  const given = checkedPorts(read(z.array(servicePort).min(1), change, "an array of services"));
  if (change.op === "set") return given;
  const kept = record.ports.filter((old) => !given.some(({ port }) => port === old.port));
  return [...kept, ...given];
}

function changedDomains(record: ServiceRecord, change: ServiceChange): ServiceRecord["domains"] {
  const given = read(z.array(domainRequest), change, "an array of objects with 'name'").map(({ name }) => ({
    fqdn: fqdnOf(name),
  }));
  if (change.op === "set") return given;
  const kept = record.domains.filter((old) => !given.some(({ fqdn }) => fqdn === old.fqdn));
  return change.op === "del" ? kept : [...kept, ...given];
}

function changedLimit(change: ServiceChange, byDefault: number): number {
  if (change.op === "add") throw new Refusal("Invalid", `'${change.prop}' can be set or cleared, not added to`);
  return change.op === "del" ? byDefault : read(limit, change, "an integer between 1 and 65535");
}
