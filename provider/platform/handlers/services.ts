/** Service groups: what publishes ports. */
import { enforceQuota } from "../quota";
import { destinationPorts, type Platform, type Service } from "../platform";
import { Refusal } from "../refusal";
import { createServiceGroup, otherServices, removeServiceGroup } from "../service/group";
import { applyChange, type ServiceChange } from "../service/patch";
import { checkDomains, refuseTakenPorts } from "../service/rules";
import { saveService, type ServiceRecord } from "../state/services";
import type { Handlers } from "./request";
import { eachItem, find, readItems, timeText } from "./select";

type ServiceRoutes = "createService" | "getServices" | "patchServices" | "deleteServices";

/** Handlers of `/v1/services`. */
export function serviceHandlers(platform: Platform): Pick<Handlers, ServiceRoutes> {
  const { log, database } = platform.parts;
  const all = (): Service[] => [...platform.services.values()];
  const facts = (service: Service) => service.record;
  const { serviceTurn } = platform;

  async function create(body: Parameters<Handlers["createService"]>[0]["body"]) {
    return serviceItem(platform, await createServiceGroup(platform, body, { persistent: true }));
  }

  async function patch(change: Parameters<Handlers["patchServices"]>[0]["body"][number]) {
    if (change.prop === "autokill") throw new Refusal("NotSupported", "Not yet");
    const service = find(all(), facts, "service group", change);
    const before = service.record;
    const after = applyChange(before, change as ServiceChange);
    const others = otherServices(platform, after.uuid);
    refuseTakenPorts(after.name, after.ports, others);
    checkDomains(after.domains, others);
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
    removeServiceGroup(platform, service);
    return { status: "success" as const, uuid, name };
  }

  return {
    createService: async ({ body }) => ({
      items: await eachItem([body], log, () => create(body)),
    }),
    getServices: async (request) => ({
      items: await readItems(request, log, all(), facts, "service group", (service) => serviceItem(platform, service)),
    }),
    patchServices: async ({ body }) => ({
      items: await eachItem(body, log, (change) => serviceTurn.take(() => patch(change))),
    }),
    deleteServices: async ({ body }) => ({
      items: await eachItem(body, log, (selector) =>
        serviceTurn.take(() => remove(find(all(), facts, "service group", selector))),
      ),
    }),
  };
}

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
    persistent: record.persistent,
    soft_limit: record.softLimit,
    hard_limit: record.hardLimit,
    services: record.ports.map(({ port, destinationPort, handlers }) => ({
      port,
      destination_port: destinationPort,
      handlers,
    })),
    domains: record.domains.map(({ fqdn }) => ({ fqdn })),
    instances: platform.membersOf(record.uuid).map(({ record: { uuid, name } }) => ({ uuid, name })),
  };
}
