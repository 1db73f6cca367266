/** Service groups: what publishes ports. */
import type { BodyOf } from "../../../contract/routes";
import type { Platform, Service } from "../../registry";
import { Refusal } from "../../errors";
import { changeService } from "../../services/update";
import { createServiceGroup } from "../../services/create";
import { removeServiceGroup } from "../../services/delete";
import { refuseCrossedLimits } from "../../services/rules";
import type { Handlers } from "../request";
import { eachItem, find, readItems } from "../items";
import { serviceItem } from "./item";

type ServiceRoutes = "createService" | "getServices" | "patchServices" | "deleteServices";

/** Handlers of `/v1/services`. */
export function serviceHandlers(platform: Platform): Pick<Handlers, ServiceRoutes> {
  const { log } = platform.parts;
  const { serviceTurn } = platform;
  const all = (): Service[] => [...platform.services.values()];
  const facts = (service: Service) => service.record;

  async function patch(change: BodyOf<"patchServices">[number]) {
    const service = find(all(), facts, "service group", change);
    await changeService(platform, service, change);
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
    createService: async ({ body }) => {
      refuseCrossedLimits(body);
      const create = async () => serviceItem(platform, await createServiceGroup(platform, body, { persistent: true }));
      return { items: await eachItem([body], log, create) };
    },
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
