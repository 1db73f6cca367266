/** Reads the services of a wave and their replicas: two requests, however many there are. */
import { allItems } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { getExistingInstances } from "../../rollout/members/instances";
import type { ProviderContext } from "../context";
import { isManaged } from "../service/wire";
import type { WaveService } from "./inputs";

/** A service of a wave, as it is. */
export interface ObservedWaveService {
  readonly service: WaveService;
  readonly item: ServiceItem;
  /** Its replicas. */
  readonly replicas: readonly InstanceItem[];
}

/** The services that exist. */
export async function observeServices(
  context: ProviderContext,
  services: readonly WaveService[],
): Promise<readonly ObservedWaveService[]> {
  const reply = await context.client.getServices({ query: { uuid: services.map(({ uuid }) => uuid) } });
  const found = reply.items.filter(({ error }) => error !== ITEM_CODES.NotFound);
  const items: readonly ServiceItem[] = allItems<"getServices">(
    { ...reply, items: found },
    "Reading the services of a wave",
  );
  const uuids = items.flatMap(({ instances }) => (instances ?? []).map(({ uuid }) => uuid));
  const replicas = (await getExistingInstances(context, uuids)).filter(isManaged);
  return services.flatMap((service) => {
    const item = items.find(({ uuid }) => uuid === service.uuid);
    if (item === undefined) return [];
    const own = new Set((item.instances ?? []).map(({ uuid }) => uuid));
    return [{ service, item, replicas: replicas.filter(({ uuid }) => own.has(uuid)) }];
  });
}
