/** Service groups, which publish ports. */
import { withClearAsDel } from "../../../contract/models";
import type { Service } from "../../services/service";
import { findBySelector, readItems } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import { updateService } from "../../services/update";
import { createServiceGroup } from "../../services/create";
import { deleteServiceGroup } from "../../services/delete";
import { assertPublishesOrExpires, assertRequestLimitsOrdered } from "../../services/rules";
import type { Handlers } from "../handler";
import { mapItems } from "../items";
import { serviceItem } from "./item";

type ServiceRoutes = "createService" | "getServices" | "patchServices" | "deleteServices";

/** Handlers of `/v1/services`. */
export function serviceHandlers(registry: Registry): Pick<Handlers, ServiceRoutes> {
  const { log } = registry.parts;
  const { serviceMutex } = registry;
  const all = (): Service[] => [...registry.services.values()];
  const identityOf = (service: Service) => service.record;

  async function patch(change: BodyOf<"patchServices">[number]) {
    const service = findBySelector(all(), identityOf, "service group", change);
    await updateService(registry, service, withClearAsDel(change));
    return { ...serviceItem(registry, service), ...(change.id === undefined ? {} : { id: change.id }) };
  }

  function remove(service: Service) {
    const { uuid, name } = service.record;
    const members = registry.instancesOfService(uuid);
    if (members.length > 0) {
      const names = members.map((member) => `'${member.record.name}'`).join(", ");
      throw new ApiItemError("Attached", `Service group '${name}' has instances attached: ${names}`);
    }
    deleteServiceGroup(registry, service);
    return { status: "success" as const, uuid, name };
  }

  return {
    createService: async ({ body }) => {
      assertRequestLimitsOrdered(body);
      assertPublishesOrExpires(body);
      const create = async () => serviceItem(registry, await createServiceGroup(registry, body, { persistent: true }));
      return { items: await mapItems([body], log, create) };
    },
    getServices: async (request) => ({
      items: readItems(request, log, all(), identityOf, "service group", (service) => serviceItem(registry, service)),
    }),
    patchServices: async ({ body }) => ({
      items: await mapItems(body, log, (change) => serviceMutex.runExclusive(() => patch(change))),
    }),
    deleteServices: async ({ body }) => ({
      items: await mapItems(body, log, (selector) =>
        serviceMutex.runExclusive(() => remove(findBySelector(all(), identityOf, "service group", selector))),
      ),
    }),
  };
}
