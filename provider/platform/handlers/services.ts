/** Service groups: what publishes ports. */
import * as crypto from "node:crypto";
import { enforceQuota } from "../quota";
import { destinationPorts, type Platform, type Service } from "../platform";
import { Refusal } from "../refusal";
import { uniqueName } from "../names";
import { applyChange, DEFAULT_HARD_LIMIT, DEFAULT_SOFT_LIMIT, type ServiceChange } from "../service/patch";
import { checkDomains, checkedPorts, checkLimits, fqdnOf, refuseTakenPorts } from "../service/rules";
import { deleteService, saveService, type ServiceRecord } from "../state/services";
import type { Handlers } from "./request";
import { eachItem, find, readItems, timeText } from "./select";

type ServiceRoutes = "createService" | "getServices" | "patchServices" | "deleteServices";

/** Handlers of `/v1/services`. */
export function serviceHandlers(platform: Platform): Pick<Handlers, ServiceRoutes> {
  const { log, database } = platform.parts;
  const all = (): Service[] => [...platform.services.values()];
  const facts = (service: Service) => service.record;
  const others = (uuid: string) =>
    all()
      .map(facts)
      .filter((record) => record.uuid !== uuid);
  // Changes of ports wait for each other: each checks what the one before has taken.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  async function create(body: Parameters<Handlers["createService"]>[0]["body"]) {
    const taken = (name: string): boolean => all().some((service) => service.record.name === name);
    const name = body.name ?? uniqueName("service", taken);
    if (name.includes("/")) throw new Refusal("Invalid", `'${name}' is not a name: it contains '/'`);
    if (taken(name)) throw new Refusal("AlreadyExists", `A service group with the name '${name}' already exists`);
    const ports = checkedPorts(body.services);
    const record: ServiceRecord = {
      uuid: crypto.randomUUID(),
      name,
      createdAt: Date.now(),
      ports,
      domains: body.domains === undefined ? defaultDomains(name) : body.domains.map((domain) => fqdnOf(domain.name)),
      softLimit: body.soft_limit ?? Math.min(DEFAULT_SOFT_LIMIT, body.hard_limit ?? DEFAULT_HARD_LIMIT),
      hardLimit: body.hard_limit ?? DEFAULT_HARD_LIMIT,
    };
    checkLimits(record.softLimit, record.hardLimit);
    refuseTakenPorts(name, ports, others(record.uuid));
    checkDomains(record.domains, others(record.uuid));
    enforceQuota(platform, { service_groups: 1, services: ports.length });
    const service = platform.addService(record);
    try {
      await service.proxy.publish(ports);
      saveService(database, record);
    } catch (error) {
      service.proxy.close();
      platform.services.delete(record.uuid);
      throw error;
    }
    log.write("service.created", { uuid: record.uuid, name });
    return serviceItem(platform, service);
  }

  async function patch(change: Parameters<Handlers["patchServices"]>[0]["body"][number]) {
    if (change.prop === "autokill") throw new Refusal("NotSupported", "Not yet");
    const service = find(all(), facts, "service group", change);
    const before = service.record;
    const after = applyChange(before, change as ServiceChange);
    refuseTakenPorts(after.name, after.ports, others(after.uuid));
    checkDomains(after.domains, others(after.uuid));
    enforceQuota(platform, { services: after.ports.length - before.ports.length });
    if (change.prop === "services") await service.proxy.publish(after.ports);
    saveService(database, after);
    service.record = after;
    service.proxy.rotation.limits = after;
    if (!sameDestinations(before, after)) for (const member of platform.membersOf(after.uuid)) member.portsChanged();
    return { ...serviceItem(platform, service), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  function remove(service: Service) {
    const { uuid, name } = service.record;
    const members = platform.membersOf(uuid);
    if (members.length > 0) {
      const names = members.map((member) => `'${member.record.name}'`).join(", ");
      throw new Refusal("Attached", `Service group '${name}' has instances attached: ${names}`);
    }
    deleteService(database, uuid);
    platform.services.delete(uuid);
    service.proxy.close();
    log.write("service.deleted", { uuid, name });
    return { status: "success" as const, uuid, name };
  }

  return {
    createService: async ({ body }) => ({
      items: await eachItem([body], log, () => inTurn(() => create(body))),
    }),
    getServices: async (request) => ({
      items: await readItems(request, log, all(), facts, "service group", (service) => serviceItem(platform, service)),
    }),
    patchServices: async ({ body }) => ({ items: await eachItem(body, log, (change) => inTurn(() => patch(change))) }),
    deleteServices: async ({ body }) => ({
      items: await eachItem(body, log, (selector) =>
        inTurn(async () => remove(find(all(), facts, "service group", selector))),
      ),
    }),
  };
}

/** A service group without domains is reached by its name, as far as that is one. */
const defaultDomains = (name: string): string[] =>
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name) ? [fqdnOf(name)] : [];

const sameDestinations = (a: ServiceRecord, b: ServiceRecord): boolean => {
  const after = destinationPorts(b);
  return destinationPorts(a).length === after.length && destinationPorts(a).every((port) => after.includes(port));
};

function serviceItem(platform: Platform, { record }: Service) {
  return {
    status: "success" as const,
    uuid: record.uuid,
    name: record.name,
    created_at: timeText(record.createdAt),
    persistent: true,
    soft_limit: record.softLimit,
    hard_limit: record.hardLimit,
    services: record.ports.map(({ port, destinationPort, handlers }) => ({
      port,
      destination_port: destinationPort,
      handlers,
    })),
    domains: record.domains.map((fqdn) => ({ fqdn })),
    instances: platform.membersOf(record.uuid).map(({ record: { uuid, name } }) => ({ uuid, name })),
  };
}
